import type { PatientConsent, Prescription } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import { isoTimestamp, isoTimestampOrNull } from '../../platform/time.ts';
import { findDiagnosis, findProduct } from '../catalogues/catalogue.ts';
import { doctorView } from '../doctors/store.ts';
import { linkTo } from './links.ts';
import type { PrescriptionParts } from './parts.ts';
import type { MedicationRow, PrescriptionRow } from './store.ts';

export type PrescriptionView = Static<typeof Prescription>;

/** `baseUrl`: under which this server is reached. */
export function prescriptionView(parts: PrescriptionParts, baseUrl: string): PrescriptionView {
  const { prescription, patient, doctor, medications } = parts;
  return {
    prescription_id: prescription.prescription_id,
    prescription_code: prescription.prescription_code,
    version: prescription.version,
    status: prescription.status,
    patient: {
      patient_id: patient.patient_id,
      first_name: patient.first_name,
      last_name: patient.last_name,
    },
    doctor: doctorView(doctor),
    diagnoses: diagnosesOf(prescription),
    medications: medications.map((line) => ({
      product_code: line.product_code,
      product_name: nameOf(line),
      quantity: line.quantity,
      dispensed_quantity: line.dispensed_quantity,
      posology: line.posology,
      duration_days: line.duration_days,
    })),
    notes: prescription.notes,
    ...demandedBy(prescription),
    issued_at: isoTimestamp(prescription.issued_at),
    expires_at: isoTimestamp(prescription.expires_at),
    delivery: deliveryOf(parts, baseUrl),
    voided_at: isoTimestampOrNull(prescription.voided_at),
    void_reason: prescription.void_reason,
  };
}

/** What the version of the create path demands beyond v1. */
function demandedBy({ patient_consent, content_hash, signature }: PrescriptionRow) {
  return {
    ...(patient_consent !== null && {
      patient_consent: JSON.parse(patient_consent) as Static<typeof PatientConsent>,
    }),
    ...(content_hash !== null && { content_hash }),
    ...(signature !== null && { signature }),
  };
}

/** `channel` stays as it was issued; a mail that was sent later shows in the other members. */
function deliveryOf(
  { prescription, mail }: PrescriptionParts,
  baseUrl: string,
): PrescriptionView['delivery'] {
  const { delivery_channel: channel, link_token } = prescription;
  const linked = channel === 'LINK';
  return {
    channel,
    ...(mail !== undefined && { email: mail.email }),
    ...(linked && { link_url: linkTo(link_token, baseUrl) }),
    delivered: linked || mail?.status === 'DELIVERED',
  };
}

export function diagnosesOf({ diagnoses }: PrescriptionRow): PrescriptionView['diagnoses'] {
  return (JSON.parse(diagnoses) as string[]).map((diagnosis_code) => ({
    diagnosis_code,
    description: findDiagnosis(diagnosis_code)?.es ?? '',
  }));
}

export function nameOf({ product_code }: Pick<MedicationRow, 'product_code'>): string {
  return findProduct(product_code)?.name ?? product_code;
}
