import type { PrescriptionStatus } from '@osigu-sandbox/contract';
import type { Insertable, Selectable } from 'kysely';
import { countMatching } from '../../store/counting.ts';
import type { PrescriptionLineTable, PrescriptionTable } from '../../store/database.ts';
import { rowLock } from '../../store/row-lock.ts';
import { change, type Executor, statement } from '../../store/statement.ts';

export type PrescriptionRow = Selectable<PrescriptionTable>;
export type MedicationRow = Selectable<PrescriptionLineTable>;

type Fields<T> = T & Record<string, unknown>;
type Key = { provider_id: string; prescription_id: string };

/** 0 when the code is taken by any provider: codes are redeemed across them. */
export const insertPrescription = change<Fields<Insertable<PrescriptionTable>>>((db, row) =>
  db
    .insertInto('prescriptions')
    .values({
      prescription_id: row.prescription_id,
      provider_id: row.provider_id,
      prescription_code: row.prescription_code,
      version: row.version,
      status: row.status,
      patient_id: row.patient_id,
      doctor_id: row.doctor_id,
      diagnoses: row.diagnoses,
      notes: row.notes,
      patient_consent: row.patient_consent,
      content_hash: row.content_hash,
      signature: row.signature,
      delivery_channel: row.delivery_channel,
      link_token: row.link_token,
      issued_at: row.issued_at,
      expires_at: row.expires_at,
      voided_at: null,
      void_reason: null,
    })
    .onConflict((conflict) => conflict.column('prescription_code').doNothing()),
);

export async function insertMedications(db: Executor, rows: readonly MedicationRow[]): Promise<void> {
  await db
    .insertInto('prescription_lines')
    .values([...rows])
    .execute();
}

export const selectPrescription = statement<Key, PrescriptionRow>((db, { provider_id, prescription_id }) =>
  db
    .selectFrom('prescriptions')
    .selectAll()
    .where('prescription_id', '=', prescription_id)
    .where('provider_id', '=', provider_id),
);

/** Across all providers: a code is handed to whoever may redeem it. */
export const selectPrescriptionByCode = statement<
  { prescription_code: string },
  { provider_id: string; prescription_id: string }
>((db, { prescription_code }) =>
  db
    .selectFrom('prescriptions')
    .select(['provider_id', 'prescription_id'])
    .where('prescription_code', '=', prescription_code),
);

/** Across all providers: whoever has the token may look. */
export const selectPrescriptionByLink = statement<{ link_token: string }, PrescriptionRow>(
  (db, { link_token }) => db.selectFrom('prescriptions').selectAll().where('link_token', '=', link_token),
);

/** As `lockAuthorization`. */
export const lockPrescription = statement<{ prescription_id: string }, PrescriptionRow>(
  (db, { prescription_id }) =>
    db
      .selectFrom('prescriptions')
      .selectAll()
      .where('prescription_id', '=', prescription_id)
      .modifyEnd(rowLock(db)),
);

export const selectMedications = statement<{ prescription_id: string }, MedicationRow>(
  (db, { prescription_id }) =>
    db
      .selectFrom('prescription_lines')
      .selectAll()
      .where('prescription_id', '=', prescription_id)
      .orderBy('line'),
);

/** 0 for whoever comes when it is no longer live: expired meanwhile. */
export const updateDispensed = change<{
  prescription_id: string;
  status: 'PARTIALLY_DISPENSED' | 'DISPENSED';
}>((db, { prescription_id, status }) =>
  db
    .updateTable('prescriptions')
    .set({ status })
    .where('prescription_id', '=', prescription_id)
    .where('status', 'in', ['PRESCRIPTION_ISSUED', 'PARTIALLY_DISPENSED']),
);

export const updateVoided = change<{
  prescription_id: string;
  voided_at: number;
  void_reason: string | null;
}>((db, { prescription_id, voided_at, void_reason }) =>
  db
    .updateTable('prescriptions')
    .set({ status: 'VOIDED', voided_at, void_reason })
    .where('prescription_id', '=', prescription_id),
);

export const updateExpired = change<{ prescription_id: string }>((db, { prescription_id }) =>
  db.updateTable('prescriptions').set({ status: 'EXPIRED' }).where('prescription_id', '=', prescription_id),
);

export interface PrescriptionFilter {
  readonly status?: PrescriptionStatus;
  readonly patient_id?: string;
  readonly code?: string;
}

/** Newest first. */
export async function listPrescriptionRows(
  db: Executor,
  provider_id: string,
  { status, patient_id, code }: PrescriptionFilter,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ total: number; rows: PrescriptionRow[] }> {
  let matching = db.selectFrom('prescriptions').where('provider_id', '=', provider_id);
  if (status !== undefined) matching = matching.where('status', '=', status);
  if (patient_id !== undefined) matching = matching.where('patient_id', '=', patient_id);
  if (code !== undefined) matching = matching.where('prescription_code', '=', code);
  const total = await countMatching(db, matching, { limit, offset });
  const rows = await matching
    .selectAll()
    .orderBy('prescription_id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute();
  return { total, rows };
}
