import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { rejectIssues } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { lockOwnPrescription } from './end.ts';
import { postPrescription } from './mails/post.ts';
import { partsOfOne } from './parts.ts';
import { prescriptionMachine, prescriptionStatusAt } from './rules.ts';
import { type PrescriptionView, prescriptionView } from './view.ts';

/** Sends it (again): to the address named, else where it went last, else to the patient. */
export async function resendPrescription(
  uow: UnitOfWork,
  prescription_id: string,
  to: string | undefined,
  baseUrl: string,
): Promise<PrescriptionView> {
  const row = await lockOwnPrescription(uow, prescription_id);
  const parts = await partsOfOne(uow.db, row);
  const email = to ?? parts.mail?.email ?? parts.patient.email;
  if (email === null) {
    rejectIssues([{ path: 'email', message: 'is required: the patient has no address on file' }]);
    throw new Error('Unreachable');
  }
  step(prescriptionMachine, prescriptionStatusAt(row, uow.now), 'mail');
  const mail = await postPrescription(uow, parts, email, baseUrl);
  return prescriptionView({ ...parts, mail }, baseUrl);
}
