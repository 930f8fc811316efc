import type { Selectable } from 'kysely';
import { countMatching } from '../../store/counting.ts';
import type { PatientTable } from '../../store/database.ts';
import { change, type Executor, statement } from '../../store/statement.ts';

export type PatientRow = Selectable<PatientTable>;

export const selectPatient = statement<{ provider_id: string; patient_id: string }, PatientRow>(
  (db, { provider_id, patient_id }) =>
    db
      .selectFrom('patients')
      .selectAll()
      .where('patient_id', '=', patient_id)
      .where('provider_id', '=', provider_id),
);

export const selectPatientByPerson = statement<{ provider_id: string; person_key: string }, PatientRow>(
  (db, { provider_id, person_key }) =>
    db
      .selectFrom('patients')
      .selectAll()
      .where('provider_id', '=', provider_id)
      .where('person_key', '=', person_key),
);

/** 0 when the provider knows the document already. */
export const insertPatient = change<PatientRow & Record<string, unknown>>((db, row) =>
  db
    .insertInto('patients')
    .values({
      patient_id: row.patient_id,
      provider_id: row.provider_id,
      document_type: row.document_type,
      document_number: row.document_number,
      document_key: row.document_key,
      person_key: row.person_key,
      first_name: row.first_name,
      last_name: row.last_name,
      date_of_birth: row.date_of_birth,
      email: row.email,
      phone_number: row.phone_number,
      created_at: row.created_at,
    })
    .onConflict((conflict) => conflict.columns(['provider_id', 'person_key']).doNothing()),
);

/** Newest first. */
export async function listPatientRows(
  db: Executor,
  provider_id: string,
  filter: { readonly document_key?: string; readonly document_type?: PatientRow['document_type'] },
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ total: number; rows: PatientRow[] }> {
  let matching = db.selectFrom('patients').where('provider_id', '=', provider_id);
  if (filter.document_key !== undefined) matching = matching.where('document_key', '=', filter.document_key);
  if (filter.document_type !== undefined)
    matching = matching.where('document_type', '=', filter.document_type);
  const total = await countMatching(db, matching, { limit, offset });
  const rows = await matching.selectAll().orderBy('patient_id', 'desc').limit(limit).offset(offset).execute();
  return { total, rows };
}
