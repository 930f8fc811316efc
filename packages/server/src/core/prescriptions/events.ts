import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { isoTimestamp } from '../../platform/time.ts';
import { recordEvent } from '../../webhooks/events.ts';
import type { PrescriptionParts } from './parts.ts';
import type { PrescriptionRow } from './store.ts';

export async function recordIssued(uow: UnitOfWork, parts: PrescriptionParts): Promise<void> {
  const { prescription, patient, doctor } = parts;
  const { patient_id, first_name, last_name } = patient;
  await recordEvent(uow, 'prescription.issued', prescription.prescription_id, {
    ...headOf(prescription),
    version: prescription.version,
    patient: { patient_id, first_name, last_name },
    doctor: {
      doctor_id: doctor.doctor_id,
      medical_board_registration: doctor.medical_board_registration ?? '',
    },
    diagnoses: (JSON.parse(prescription.diagnoses) as string[]).map((diagnosis_code) => ({ diagnosis_code })),
    medications: parts.medications.map(({ product_code, quantity, posology, duration_days }) => ({
      product_code,
      quantity,
      posology,
      duration_days,
    })),
    issued_at: isoTimestamp(prescription.issued_at),
  });
}

export async function recordMailDelivered(
  uow: UnitOfWork,
  prescription: PrescriptionRow,
  email: string,
): Promise<void> {
  await recordEvent(uow, 'prescription.email_delivered', prescription.prescription_id, {
    ...headOf(prescription),
    email,
    delivered_at: isoTimestamp(uow.now),
  });
}

export async function recordMailFailed(
  uow: UnitOfWork,
  prescription: PrescriptionRow,
  email: string,
  reason: string,
): Promise<void> {
  await recordEvent(uow, 'prescription.email_failed', prescription.prescription_id, {
    ...headOf(prescription),
    email,
    failed_at: isoTimestamp(uow.now),
    reason,
  });
}

function headOf({ prescription_id, prescription_code }: PrescriptionRow) {
  return { prescription_id, prescription_code };
}
