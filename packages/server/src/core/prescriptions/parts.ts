import { fault } from '../../platform/errors.ts';
import type { Executor } from '../../store/statement.ts';
import type { DoctorRow } from '../doctors/store.ts';
import type { PatientRow } from '../patients/store.ts';
import type { MailRow } from './mails/store.ts';
import type { MedicationRow, PrescriptionRow } from './store.ts';

/** A prescription with everything that is shown of it. */
export interface PrescriptionParts {
  readonly prescription: PrescriptionRow;
  readonly patient: PatientRow;
  readonly doctor: DoctorRow;
  readonly medications: readonly MedicationRow[];
  /** The last one, if any was sent. */
  readonly mail: MailRow | undefined;
}

/** A fixed number of queries, however many prescriptions. */
export async function partsOf(
  db: Executor,
  prescriptions: readonly PrescriptionRow[],
): Promise<PrescriptionParts[]> {
  if (prescriptions.length === 0) return [];
  const ids = prescriptions.map(({ prescription_id }) => prescription_id);
  const people = await db
    .selectFrom('patients')
    .selectAll()
    .where(
      'patient_id',
      'in',
      prescriptions.map(({ patient_id }) => patient_id),
    )
    .execute();
  const doctors = await db
    .selectFrom('doctors')
    .selectAll()
    .where(
      'doctor_id',
      'in',
      prescriptions.map(({ doctor_id }) => doctor_id),
    )
    .execute();
  const lines = await db
    .selectFrom('prescription_lines')
    .selectAll()
    .where('prescription_id', 'in', ids)
    .orderBy('line')
    .execute();
  const mails = await db
    .selectFrom('prescription_mails')
    .selectAll()
    .where('prescription_id', 'in', ids)
    .orderBy('outbox_id')
    .execute();
  return prescriptions.map((prescription) => {
    const mine = (each: { prescription_id: string }) => each.prescription_id === prescription.prescription_id;
    const patient = people.find(({ patient_id }) => patient_id === prescription.patient_id);
    const doctor = doctors.find(({ doctor_id }) => doctor_id === prescription.doctor_id);
    // A reset was faster.
    if (patient === undefined || doctor === undefined) throw fault('071-404-prescription');
    return { prescription, patient, doctor, medications: lines.filter(mine), mail: mails.findLast(mine) };
  });
}

export async function partsOfOne(db: Executor, prescription: PrescriptionRow): Promise<PrescriptionParts> {
  const [parts] = await partsOf(db, [prescription]);
  if (parts === undefined) throw new Error('One prescription has parts');
  return parts;
}
