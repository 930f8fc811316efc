import type { DueHandler } from '../../engine/run-due.ts';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { partsOfOne } from './parts.ts';
import { requirePrescription } from './read.ts';
import { prescriptionMachine, prescriptionStatusAt } from './rules.ts';
import {
  lockPrescription,
  type PrescriptionRow,
  selectMedications,
  updateExpired,
  updateVoided,
} from './store.ts';
import { type PrescriptionView, prescriptionView } from './view.ts';

/** Due work: the validity is over; its subject is the prescription. */
export const prescriptionExpiryWork = 'prescription.expiry';

/** For this transaction alone: nobody dispenses from it meanwhile. */
export async function lockOwnPrescription(
  uow: UnitOfWork,
  prescription_id: string,
): Promise<PrescriptionRow> {
  await requirePrescription(uow, prescription_id);
  const [row] = await lockPrescription(uow.db, { prescription_id });
  if (row === undefined) throw fault('071-404-prescription');
  return row;
}

/** Only untouched: neither dispensed in part nor held by an open dispensation. */
export async function voidPrescription(
  uow: UnitOfWork,
  prescription_id: string,
  reason: string | undefined,
  baseUrl: string,
): Promise<PrescriptionView> {
  const row = await lockOwnPrescription(uow, prescription_id);
  const status = step(prescriptionMachine, prescriptionStatusAt(row, uow.now), 'void');
  const medications = await selectMedications(uow.db, { prescription_id });
  if (medications.some((line) => line.held_quantity > 0)) throw fault('071-409-prescription-not-voidable');
  const voided = { voided_at: uow.now, void_reason: reason ?? null };
  await updateVoided(uow.db, { prescription_id, ...voided });
  await uow.unschedule(prescriptionExpiryWork, prescription_id);
  return prescriptionView(await partsOfOne(uow.db, { ...row, ...voided, status }), baseUrl);
}

/** What an open dispensation holds may still be completed. No event tells of it: the catalogue has none. */
export const prescriptionExpiryHandler: DueHandler = {
  effect: async (uow, { subject_id: prescription_id }) => {
    const [row] = await lockPrescription(uow.db, { prescription_id });
    if (row === undefined || row.status === 'EXPIRED') return;
    if (prescriptionStatusAt(row, uow.now) === 'EXPIRED') await updateExpired(uow.db, { prescription_id });
  },
};
