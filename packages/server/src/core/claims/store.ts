import type { ClaimStatus } from '@osigu-sandbox/contract';
import { type Selectable, sql } from 'kysely';
import { countMatching } from '../../store/counting.ts';
import type { ClaimTable } from '../../store/database.ts';
import { rowLock } from '../../store/row-lock.ts';
import { change, type Executor, statement } from '../../store/statement.ts';

export type ClaimRow = Selectable<ClaimTable>;

type Key = { provider_id: string; claim_id: string };

export const insertClaim = change<ClaimRow & Record<string, unknown>>((db, row) =>
  db.insertInto('claims').values({
    claim_id: row.claim_id,
    number: row.number,
    provider_id: row.provider_id,
    kind: row.kind,
    status: row.status,
    authorization_id: row.authorization_id,
    owner_provider_id: row.owner_provider_id,
    dispensation_id: row.dispensation_id,
    beneficiary_id: row.beneficiary_id,
    sponsor_slug: row.sponsor_slug,
    diagnosis_code: row.diagnosis_code,
    currency_code: row.currency_code,
    amount: row.amount,
    copayment_amount: row.copayment_amount,
    coinsurance_amount: row.coinsurance_amount,
    covered_amount: row.covered_amount,
    sponsor_transaction_id: row.sponsor_transaction_id,
    completion: row.completion,
    created_at: row.created_at,
    expires_at: row.expires_at,
    completed_at: row.completed_at,
  }),
);

export const selectClaim = statement<Key, ClaimRow>((db, { provider_id, claim_id }) =>
  db.selectFrom('claims').selectAll().where('claim_id', '=', claim_id).where('provider_id', '=', provider_id),
);

/** Reads a claim and keeps whoever would change it waiting until the end of the transaction. As `lockAuthorization`. */
export const lockClaim = statement<Key, ClaimRow>((db, { provider_id, claim_id }) =>
  db
    .selectFrom('claims')
    .selectAll()
    .where('claim_id', '=', claim_id)
    .where('provider_id', '=', provider_id)
    .modifyEnd(rowLock(db)),
);

type Amounts = Pick<ClaimRow, 'amount' | 'copayment_amount' | 'coinsurance_amount' | 'covered_amount'>;

export const updateClaimAmounts = change<{ claim_id: string } & Amounts>(
  (db, { claim_id, amount, copayment_amount, coinsurance_amount, covered_amount }) =>
    db
      .updateTable('claims')
      .set({ amount, copayment_amount, coinsurance_amount, covered_amount })
      .where('claim_id', '=', claim_id)
      .where('status', '=', 'OPEN'),
);

/** 0 for whoever lost the race. So do the next two. */
export const updateClaimCompleted = change<{
  claim_id: string;
  sponsor_transaction_id: string;
  completion: string;
  completed_at: number;
}>((db, { claim_id, sponsor_transaction_id, completion, completed_at }) =>
  db
    .updateTable('claims')
    .set({ status: 'COMPLETED', sponsor_transaction_id, completion, completed_at })
    .where('claim_id', '=', claim_id)
    .where('status', '=', 'OPEN'),
);

export const updateClaimVoided = change<{
  claim_id: string;
  voided_at: number;
  void_reason: string | null;
}>((db, { claim_id, voided_at, void_reason }) =>
  db
    .updateTable('claims')
    .set({ status: 'VOIDED', voided_at, void_reason })
    .where('claim_id', '=', claim_id)
    .where('status', 'in', ['OPEN', 'COMPLETED']),
);

export const updateClaimExpired = change<{ claim_id: string }>((db, { claim_id }) =>
  db
    .updateTable('claims')
    .set({ status: 'EXPIRED' })
    .where('claim_id', '=', claim_id)
    .where('status', '=', 'OPEN'),
);

export interface ClaimFilter {
  readonly status?: ClaimStatus;
  readonly sponsor_slug?: string;
  /** On the provider's clock, milliseconds; both ends count. */
  readonly from?: number;
  readonly to?: number;
}

/** Newest first. */
export async function listClaimRows(
  db: Executor,
  provider_id: string,
  { status, sponsor_slug, from, to }: ClaimFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ total: number; rows: ClaimRow[] }> {
  let matching = db.selectFrom('claims').where('provider_id', '=', provider_id);
  if (status !== undefined) matching = matching.where('status', '=', status);
  if (sponsor_slug !== undefined) matching = matching.where('sponsor_slug', '=', sponsor_slug);
  if (from !== undefined) matching = matching.where('created_at', '>=', from);
  if (to !== undefined) matching = matching.where('created_at', '<=', to);
  const total = await countMatching(db, matching, { limit, offset });
  const rows = await matching.selectAll().orderBy('claim_id', 'desc').limit(limit).offset(offset).execute();
  return { total, rows };
}

/** OPEN ones of this provider that hold something of others. */
export const selectOpenOnForeignAuthorizations = statement<{ provider_id: string }, ClaimRow>(
  (db, { provider_id }) =>
    db
      .selectFrom('claims')
      .selectAll()
      .where('provider_id', '=', provider_id)
      .where('owner_provider_id', '!=', provider_id)
      .where('status', '=', 'OPEN')
      .orderBy('claim_id'),
);

/** OPEN ones of others on authorizations of this provider: they lose what they hold. */
export const withdrawOpenOfOthers = statement<
  { owner_provider_id: string; voided_at: number },
  { claim_id: string }
>((db, { owner_provider_id, voided_at }) =>
  db
    .updateTable('claims')
    .set({ status: 'VOIDED', voided_at, void_reason: 'The owner of the authorization was reset.' })
    .where('owner_provider_id', '=', owner_provider_id)
    .where('provider_id', '!=', owner_provider_id)
    // Spelled out, for the index is of these alone.
    .where('status', '=', sql.lit('OPEN'))
    .returning('claim_id'),
);
