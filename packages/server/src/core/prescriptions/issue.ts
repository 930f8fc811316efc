import type { PrescriptionVersion } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { isoTimestamp, parseTimestamp } from '../../platform/time.ts';
import { drawCode, maxTries } from '../authorizations/codes.ts';
import { findDiagnosis } from '../catalogues/catalogue.ts';
import { findOrCreatePatient } from '../patients/patients.ts';
import type { PatientRow } from '../patients/store.ts';
import { type Checked, checkPrescription } from './check.ts';
import { prescriptionExpiryWork } from './end.ts';
import { recordIssued } from './events.ts';
import type { IssueInput } from './input.ts';
import { drawLinkToken } from './links.ts';
import { postPrescription } from './mails/post.ts';
import type { PrescriptionParts } from './parts.ts';
import { validFor } from './rules.ts';
import { insertMedications, insertPrescription, type MedicationRow, type PrescriptionRow } from './store.ts';
import { type PrescriptionView, prescriptionView } from './view.ts';

export async function issuePrescription(
  uow: UnitOfWork,
  version: PrescriptionVersion,
  sent: IssueInput,
  baseUrl: string,
): Promise<PrescriptionView> {
  const input = inputOf(version, sent);
  const { doctor, patient: named, email } = await checkPrescription(uow, input);
  const patient = await patientRow(uow, named);
  const prescription = await insertWithCode(uow, {
    ...documentOf(uow, version, input),
    patient_id: patient.patient_id,
    doctor_id: doctor.doctor_id,
  });
  const medications = medicationsOf(prescription.prescription_id, input);
  await insertMedications(uow.db, medications);
  await uow.schedule({
    kind: prescriptionExpiryWork,
    subject_id: prescription.prescription_id,
    due_at: prescription.expires_at,
  });
  const parts: PrescriptionParts = { prescription, patient, doctor, medications, mail: undefined };
  await recordIssued(uow, parts);
  const mail = email === undefined ? undefined : await postPrescription(uow, parts, email, baseUrl);
  return prescriptionView({ ...parts, mail }, baseUrl);
}

/** An older path ignores what a newer one demands, as any member that it does not know. */
function inputOf(version: PrescriptionVersion, sent: IssueInput): IssueInput {
  const { patient_consent, content_hash, signature, ...base } = sent;
  if (version === 'v2') return sent;
  return version === 'v1.1' && patient_consent !== undefined ? { ...base, patient_consent } : base;
}

async function patientRow(uow: UnitOfWork, named: Checked['patient']): Promise<PatientRow> {
  if ('patient_id' in named) return named;
  return (await findOrCreatePatient(uow, named)).patient;
}

type Uncoded = Omit<PrescriptionRow, 'prescription_code'>;

function documentOf(
  uow: UnitOfWork,
  version: PrescriptionVersion,
  input: IssueInput,
): Omit<Uncoded, 'patient_id' | 'doctor_id'> {
  const codes = input.diagnoses.map(
    ({ diagnosis_code }) => findDiagnosis(diagnosis_code)?.diagnosis_code ?? diagnosis_code,
  );
  return {
    prescription_id: newId('prescription'),
    provider_id: uow.provider.provider_id,
    version,
    status: 'PRESCRIPTION_ISSUED',
    diagnoses: JSON.stringify([...new Set(codes)]),
    notes: input.notes ?? null,
    patient_consent: consentOf(input),
    content_hash: input.content_hash?.toLowerCase() ?? null,
    signature: input.signature ?? null,
    delivery_channel: input.delivery?.channel ?? 'NONE',
    link_token: drawLinkToken(),
    issued_at: uow.now,
    expires_at: uow.now + validFor,
    voided_at: null,
    void_reason: null,
  };
}

function consentOf({ patient_consent }: IssueInput): string | null {
  if (patient_consent === undefined) return null;
  const { accepted, accepted_at, method } = patient_consent;
  return JSON.stringify({ accepted, accepted_at: isoTimestamp(parseTimestamp(accepted_at)), method });
}

async function insertWithCode(uow: UnitOfWork, uncoded: Uncoded): Promise<PrescriptionRow> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const row = { ...uncoded, prescription_code: drawCode('RX', uow.now, attempt) };
    if ((await insertPrescription(uow.db, { ...row })) === 1) return row;
  }
  throw fault('071-503', { cause: new Error('No free prescription code') });
}

function medicationsOf(prescription_id: string, { medications }: IssueInput): MedicationRow[] {
  return medications.map(({ product_code, quantity, posology, duration_days }, line) => ({
    prescription_id,
    line,
    product_code,
    quantity,
    held_quantity: 0,
    dispensed_quantity: 0,
    posology,
    duration_days: duration_days ?? null,
  }));
}
