import type { Environment } from '@osigu-sandbox/contract';
import { fault } from '../../../platform/errors.ts';
import type { Executor } from '../../../store/statement.ts';
import type { MailKind } from '../../outbox/mail.ts';
import type { OutgoingMail } from '../../outbox/store.ts';
import { prescriptionPdf } from '../document/document.ts';
import { prescriptionMailWork, settleMail } from './post.ts';
import { selectMailedPrescription } from './store.ts';

/** The document goes with the mail, and the issuer hears how it ended. */
export function prescriptionMails(db: Executor, environment: Environment): MailKind {
  return {
    work: prescriptionMailWork,
    prepare: async (mail) => {
      const prescription = await mailedPrescription(db, mail);
      if (prescription.status === 'VOIDED') {
        return { reason: 'The prescription was voided before the mail left.' };
      }
      const content = await prescriptionPdf(db, prescription, environment);
      const filename = `${prescription.prescription_code}.pdf`;
      return [{ filename, content, contentType: 'application/pdf' }];
    },
    settle: async (uow, mail, outcome) =>
      settleMail(
        uow,
        await mailedPrescription(uow.db, mail),
        { outbox_id: mail.outbox_id, email: mail.destination },
        outcome,
      ),
  };
}

async function mailedPrescription(db: Executor, { outbox_id }: OutgoingMail) {
  const [prescription] = await selectMailedPrescription(db, { outbox_id });
  // A reset was faster.
  if (prescription === undefined) throw fault('071-404-prescription');
  return prescription;
}
