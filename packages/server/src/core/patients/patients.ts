import type { Patient, PatientCreate } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, type Issue, rejectIssues } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { fold } from '../../platform/text.ts';
import { isoDate, isoTimestamp } from '../../platform/time.ts';
import { personKey } from '../beneficiaries/rules.ts';
import {
  insertPatient,
  listPatientRows,
  type PatientRow,
  selectPatient,
  selectPatientByPerson,
} from './store.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;
export type NewPatient = Static<typeof PatientCreate>;

/** A provider knows a document once. */
export async function createPatient(uow: UnitOfWork, input: NewPatient): Promise<PatientRow> {
  rejectIssues(patientIssues(input, uow.now));
  const { patient, isNew } = await findOrCreatePatient(uow, input);
  if (isNew) return patient;
  throw fault('071-409-patient-exists', {
    errors: [{ path: 'patient_id', message: patient.patient_id }],
  });
}

/** What the schema cannot see; `path` is where the patient stands in the body. */
export function patientIssues({ date_of_birth }: NewPatient, now: number, path = ''): Issue[] {
  if (date_of_birth <= isoDate(now)) return [];
  return [{ path: `${path}date_of_birth`, message: 'must not lie in the future' }];
}

/** Somebody with a known document is the known patient, whatever else is said of them. */
export async function findOrCreatePatient(
  uow: UnitOfWork,
  input: NewPatient,
): Promise<{ patient: PatientRow; isNew: boolean }> {
  const row = newRow(uow, input);
  if ((await insertPatient(uow.db, { ...row })) === 1) return { patient: row, isNew: true };
  const { provider_id, person_key } = row;
  const [patient] = await selectPatientByPerson(uow.db, { provider_id, person_key });
  if (patient === undefined) throw new Error('A patient is known and not to be found');
  return { patient, isNew: false };
}

function newRow(uow: UnitOfWork, input: NewPatient): PatientRow {
  const document_number = input.document_number.trim();
  return {
    patient_id: newId('patient'),
    provider_id: uow.provider.provider_id,
    document_type: input.document_type,
    document_number,
    document_key: fold(document_number),
    person_key: personKey(input.document_type, document_number),
    first_name: input.first_name.trim(),
    last_name: input.last_name.trim(),
    date_of_birth: input.date_of_birth,
    email: input.email ?? null,
    phone_number: input.phone_number ?? null,
    created_at: uow.now,
  };
}

export async function findPatient(
  { db, provider }: Context,
  patient_id: string,
): Promise<PatientRow | undefined> {
  const [row] = await selectPatient(db, { provider_id: provider.provider_id, patient_id });
  return row;
}

/** The patient that a new prescription would be for, if the document is known. */
export async function findPatientByDocument(
  { db, provider }: Context,
  { document_type, document_number }: Pick<NewPatient, 'document_type' | 'document_number'>,
): Promise<PatientRow | undefined> {
  const person_key = personKey(document_type, document_number);
  const [row] = await selectPatientByPerson(db, { provider_id: provider.provider_id, person_key });
  return row;
}

export async function listPatients(
  { db, provider }: Context,
  filter: { readonly document_number?: string; readonly document_type?: PatientRow['document_type'] },
  window: { readonly limit: number; readonly offset: number },
): Promise<{ total: number; content: Static<typeof Patient>[] }> {
  const { document_number, document_type } = filter;
  const { total, rows } = await listPatientRows(
    db,
    provider.provider_id,
    {
      ...(document_number !== undefined && { document_key: fold(document_number) }),
      ...(document_type !== undefined && { document_type }),
    },
    window,
  );
  return { total, content: rows.map(patientView) };
}

export function patientView(row: PatientRow): Static<typeof Patient> {
  return {
    patient_id: row.patient_id,
    first_name: row.first_name,
    last_name: row.last_name,
    document_type: row.document_type,
    document_number: row.document_number,
    date_of_birth: row.date_of_birth,
    email: row.email,
    phone_number: row.phone_number,
    created_at: isoTimestamp(row.created_at),
  };
}
