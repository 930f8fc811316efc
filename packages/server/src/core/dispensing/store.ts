import type { DispensationCanceller } from '@osigu-sandbox/contract';
import type { Selectable } from 'kysely';
import { countMatching } from '../../store/counting.ts';
import type { DispensationTable } from '../../store/database.ts';
import { rowLock } from '../../store/row-lock.ts';
import { change, type Executor, statement } from '../../store/statement.ts';
import type { AuthorizationRow } from '../authorizations/store.ts';

export type DispensationRow = Selectable<DispensationTable>;

type Key = { provider_id: string; dispensation_id: string };
type Fields<T> = T & Record<string, unknown>;

/** Across all providers: a code is handed to whoever may redeem it. */
export const selectAuthorizationByCode = statement<{ authorization_code: string }, AuthorizationRow>(
  (db, { authorization_code }) =>
    db.selectFrom('authorizations').selectAll().where('authorization_code', '=', authorization_code),
);

/** 0 for whoever comes when it is no longer live: voided or expired meanwhile. */
export const updateRedemption = change<{
  authorization_id: string;
  status: 'PARTIALLY_REDEEMED' | 'REDEEMED';
}>((db, { authorization_id, status }) =>
  db
    .updateTable('authorizations')
    .set({ status })
    .where('authorization_id', '=', authorization_id)
    .where('status', 'in', ['APPROVED', 'PARTIALLY_REDEEMED']),
);

export const selectDispensation = statement<Key, DispensationRow>((db, { provider_id, dispensation_id }) =>
  db
    .selectFrom('dispensations')
    .selectAll()
    .where('dispensation_id', '=', dispensation_id)
    .where('provider_id', '=', provider_id),
);

/** As `lockAuthorization`. */
export const lockDispensation = statement<Key, DispensationRow>((db, { provider_id, dispensation_id }) =>
  db
    .selectFrom('dispensations')
    .selectAll()
    .where('dispensation_id', '=', dispensation_id)
    .where('provider_id', '=', provider_id)
    .modifyEnd(rowLock(db)),
);

export const insertDispensation = change<Fields<DispensationRow>>((db, row) =>
  db.insertInto('dispensations').values({
    dispensation_id: row.dispensation_id,
    number: row.number,
    provider_id: row.provider_id,
    owner_provider_id: row.owner_provider_id,
    code: row.code,
    code_type: row.code_type,
    authorization_id: row.authorization_id,
    prescription_id: row.prescription_id,
    beneficiary_id: row.beneficiary_id,
    sponsor_slug: row.sponsor_slug,
    provider_branch_id: row.provider_branch_id,
    status: row.status,
    currency_code: row.currency_code,
    verification_required: row.verification_required,
    total_amount: row.total_amount,
    copayment_amount: row.copayment_amount,
    coinsurance_amount: row.coinsurance_amount,
    covered_amount: row.covered_amount,
    started_at: row.started_at,
    expires_at: row.expires_at,
  }),
);

/** What completing writes. */
export type Completion = Pick<
  DispensationRow,
  | 'dispensation_id'
  | 'verified_at'
  | 'claim_id'
  | 'document_number'
  | 'document_date'
  | 'document_serial'
  | 'document_digital_signature'
  | 'provider_transaction_id'
> & { readonly completed_at: number };

/** 0 for whoever lost the race. So do the next two. */
export const updateCompleted = change<Fields<Completion>>((db, row) =>
  db
    .updateTable('dispensations')
    .set({
      status: 'COMPLETED',
      verified_at: row.verified_at,
      claim_id: row.claim_id,
      document_number: row.document_number,
      document_date: row.document_date,
      document_serial: row.document_serial,
      document_digital_signature: row.document_digital_signature,
      provider_transaction_id: row.provider_transaction_id,
      completed_at: row.completed_at,
    })
    .where('dispensation_id', '=', row.dispensation_id)
    .where('status', '=', 'STARTED'),
);

export const updateCancelled = change<{
  dispensation_id: string;
  cancelled_at: number;
  cancelled_by: DispensationCanceller;
  cancellation_reason: string | null;
}>((db, { dispensation_id, cancelled_at, cancelled_by, cancellation_reason }) =>
  db
    .updateTable('dispensations')
    .set({ status: 'CANCELLED', cancelled_at, cancelled_by, cancellation_reason })
    .where('dispensation_id', '=', dispensation_id)
    .where('status', '=', 'STARTED'),
);

type StoredAmounts = Pick<
  DispensationRow,
  'total_amount' | 'copayment_amount' | 'coinsurance_amount' | 'covered_amount'
>;

export const updateAmounts = change<Fields<{ dispensation_id: string } & StoredAmounts>>((db, row) =>
  db
    .updateTable('dispensations')
    .set({
      total_amount: row.total_amount,
      copayment_amount: row.copayment_amount,
      coinsurance_amount: row.coinsurance_amount,
      covered_amount: row.covered_amount,
    })
    .where('dispensation_id', '=', row.dispensation_id)
    .where('status', '=', 'STARTED'),
);

/** Open ones of this provider on codes of others. */
export const selectOpenOnForeignCodes = statement<{ provider_id: string }, { dispensation_id: string }>(
  (db, { provider_id }) =>
    db
      .selectFrom('dispensations')
      .select('dispensation_id')
      .where('provider_id', '=', provider_id)
      .where('owner_provider_id', '!=', provider_id)
      .where('status', '=', 'STARTED')
      .orderBy('dispensation_id'),
);

export interface DispensationFilter {
  readonly status?: DispensationRow['status'];
  readonly code?: string;
}

/** Newest first. */
export async function listDispensationRows(
  db: Executor,
  provider_id: string,
  { status, code }: DispensationFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ total: number; rows: DispensationRow[] }> {
  let matching = db.selectFrom('dispensations').where('provider_id', '=', provider_id);
  if (status !== undefined) matching = matching.where('status', '=', status);
  if (code !== undefined) matching = matching.where('code', '=', code);
  const total = await countMatching(db, matching, { limit, offset });
  const rows = await matching
    .selectAll()
    .orderBy('dispensation_id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute();
  return { total, rows };
}
