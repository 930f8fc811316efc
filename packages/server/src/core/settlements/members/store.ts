import type { Selectable } from 'kysely';
import type { ClaimTable } from '../../../store/database.ts';
import { change, type Executor, statement } from '../../../store/statement.ts';

type ClaimRow = Selectable<ClaimTable>;

/** A claim as a member of a batch, with what the sponsor owes for it. */
const memberColumns = [
  'settlement_claims.settlement_id',
  'settlement_claims.claim_id',
  'settlement_claims.authorization_id',
  'settlement_claims.status',
  'settlement_claims.rejection_reason',
  'claims.covered_amount',
  'claims.currency_code',
  'claims.created_at',
  'claims.completed_at',
] as const;

export const selectMembers = statement<{ settlement_id: string }, MemberRow>((db, { settlement_id }) =>
  db
    .selectFrom('settlement_claims')
    .innerJoin('claims', 'claims.claim_id', 'settlement_claims.claim_id')
    .select(memberColumns)
    .where('settlement_claims.settlement_id', '=', settlement_id)
    .orderBy('settlement_claims.claim_id'),
);

export type MemberRow = Pick<ClaimRow, 'covered_amount' | 'currency_code' | 'created_at' | 'completed_at'> & {
  readonly settlement_id: string;
  readonly claim_id: string;
  readonly authorization_id: string | null;
  readonly status: 'ATTACHED' | 'PAID' | 'REJECTED';
  readonly rejection_reason: string | null;
};

export interface SubtotalRow {
  readonly settlement_id: string;
  readonly status: MemberRow['status'];
  readonly claims: number;
  readonly covered: number;
}

/** What the members of many batches add up to, by batch and status. */
export async function selectSubtotals(
  db: Executor,
  settlement_ids: readonly string[],
): Promise<SubtotalRow[]> {
  if (settlement_ids.length === 0) return [];
  const rows = await db
    .selectFrom('settlement_claims')
    .innerJoin('claims', 'claims.claim_id', 'settlement_claims.claim_id')
    .select((eb) => [
      'settlement_claims.settlement_id',
      'settlement_claims.status',
      eb.fn.countAll<number>().as('claims'),
      eb.fn.sum<number>('claims.covered_amount').as('covered'),
    ])
    .where('settlement_claims.settlement_id', 'in', [...settlement_ids])
    .groupBy(['settlement_claims.settlement_id', 'settlement_claims.status'])
    .execute();
  // Sums and counts arrive as text from PostgreSQL.
  return rows.map((row) => ({ ...row, claims: Number(row.claims), covered: Number(row.covered) }));
}

type Member = { settlement_id: string; claim_id: string };

/** 0 when the claim is in a live batch. */
export const insertMember = change<Member & { authorization_id: string | null }>(
  (db, { settlement_id, claim_id, authorization_id }) =>
    db
      .insertInto('settlement_claims')
      .values({
        settlement_id,
        claim_id,
        authorization_id,
        live: 1,
        status: 'ATTACHED',
        rejection_reason: null,
      })
      .onConflict((conflict) => conflict.doNothing()),
);

export const deleteMember = change<Member>((db, { settlement_id, claim_id }) =>
  db
    .deleteFrom('settlement_claims')
    .where('settlement_id', '=', settlement_id)
    .where('claim_id', '=', claim_id),
);

export const selectLiveMembership = statement<{ claim_id: string }, { settlement_id: string }>(
  (db, { claim_id }) =>
    db
      .selectFrom('settlement_claims')
      .select('settlement_id')
      .where('claim_id', '=', claim_id)
      .where('live', '=', 1),
);

/** Of many claims: those that are in a live batch. */
export async function selectInLiveBatch(db: Executor, claim_ids: readonly string[]): Promise<Set<string>> {
  if (claim_ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('settlement_claims')
    .select('claim_id')
    .where('claim_id', 'in', [...claim_ids])
    .where('live', '=', 1)
    .execute();
  return new Set(rows.map((row) => row.claim_id));
}

/** Oldest first, so that the last one of a claim stands last. */
export function selectRefusals(db: Executor, claim_ids: readonly string[]) {
  return db
    .selectFrom('settlement_claims')
    .innerJoin('settlements', 'settlements.settlement_id', 'settlement_claims.settlement_id')
    .select(['claim_id', 'settlements.settlement_id', 'rejection_reason'])
    .where('claim_id', 'in', [...claim_ids])
    .where('settlement_claims.status', '=', 'REJECTED')
    .orderBy('resolved_at')
    .orderBy('settlements.settlement_id')
    .execute();
}

/** One row when a claim of the batch is of this person. */
export const selectCoversPerson = statement<
  { settlement_id: string; person_key: string },
  { claim_id: string }
>((db, { settlement_id, person_key }) =>
  db
    .selectFrom('settlement_claims')
    .innerJoin('claims', 'claims.claim_id', 'settlement_claims.claim_id')
    .innerJoin('beneficiaries', 'beneficiaries.beneficiary_id', 'claims.beneficiary_id')
    .select('claims.claim_id')
    .where('settlement_id', '=', settlement_id)
    .where('person_key', '=', person_key)
    .limit(1),
);
