import type { UnitOfWork } from '../../../engine/unit-of-work.ts';
import { bouncingMailDomain } from '../../../fixtures/magic.ts';
import type { MailOutcome } from '../../outbox/mail.ts';
import { putMessage } from '../../outbox/outbox.ts';
import { recordMailDelivered, recordMailFailed } from '../events.ts';
import { linkTo } from '../links.ts';
import type { PrescriptionParts } from '../parts.ts';
import type { PrescriptionRow } from '../store.ts';
import { insertMail, type MailRow, updateMailSettled } from './store.ts';
import { mailText } from './text.ts';

/** Due work: one mail with a prescription leaves; its subject is the mail in the outbox. */
export const prescriptionMailWork = 'prescription.mail';

/**
 * Puts the mail into the outbox. It leaves as due work where a mail server is configured; where none is, the outbox is
 * the mailbox, and what lies in it is delivered.
 */
export async function postPrescription(
  uow: UnitOfWork,
  parts: PrescriptionParts,
  email: string,
  baseUrl: string,
): Promise<MailRow> {
  const { prescription } = parts;
  const bounces = email.toLowerCase().endsWith(`@${bouncingMailDomain}`);
  const leaves = uow.sendsMail && !bounces;
  const text = mailText(parts, linkTo(prescription.link_token, baseUrl));
  const message = { channel: 'EMAIL', to: email, ...text } as const;
  const mail: MailRow = {
    outbox_id: await putMessage(uow, message, leaves ? prescriptionMailWork : null),
    provider_id: uow.provider.provider_id,
    prescription_id: prescription.prescription_id,
    email,
    status: 'PENDING',
    created_at: uow.now,
    settled_at: null,
  };
  await insertMail(uow.db, { ...mail });
  if (leaves) return mail;
  const outcome: MailOutcome = bounces
    ? {
        status: 'FAILED',
        reason: `550 5.1.1 Every mailbox at ${bouncingMailDomain} bounces`,
      }
    : { status: 'DELIVERED' };
  await settleMail(uow, prescription, mail, outcome);
  return { ...mail, status: outcome.status, settled_at: uow.now };
}

/** Writes down how it ended, once. */
export async function settleMail(
  uow: UnitOfWork,
  prescription: PrescriptionRow,
  { outbox_id, email }: Pick<MailRow, 'outbox_id' | 'email'>,
  outcome: MailOutcome,
): Promise<void> {
  const { status } = outcome;
  if ((await updateMailSettled(uow.db, { outbox_id, status, settled_at: uow.now })) === 0) return;
  if (outcome.status === 'DELIVERED') await recordMailDelivered(uow, prescription, email);
  else await recordMailFailed(uow, prescription, email, outcome.reason);
}
