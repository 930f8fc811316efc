import type { Selectable } from 'kysely';
import type { ClaimTable } from '../../../store/database.ts';
import type { Executor } from '../../../store/statement.ts';

type ClaimRow = Selectable<ClaimTable>;

const candidateColumns = [
  'claims.claim_id',
  'claims.authorization_id',
  'claims.sponsor_slug',
  'claims.status',
  'claims.covered_amount',
] as const;

export type CandidateRow = Pick<
  ClaimRow,
  'claim_id' | 'authorization_id' | 'sponsor_slug' | 'status' | 'covered_amount'
>;

/** The claims named by their ids or by their authorizations; locked, as by `lockSettlement`. */
export function lockClaims(
  db: Executor,
  provider_id: string,
  by: 'claim_id' | 'authorization_id',
  ids: readonly string[],
): Promise<CandidateRow[]> {
  return db
    .updateTable('claims')
    .set((eb) => ({ created_at: eb.ref('created_at') }))
    .where('provider_id', '=', provider_id)
    .where(by, 'in', [...ids])
    .returning(candidateColumns)
    .execute();
}

/** Completed claims in no live batch, oldest first. `slugs`: all that the sponsor answers to. */
export async function listPending(
  db: Executor,
  provider_id: string,
  slugs: readonly string[],
  { limit, offset }: { limit: number; offset: number },
): Promise<{ total: number; rows: PendingRow[] }> {
  const pending = db
    .selectFrom('claims')
    .where('provider_id', '=', provider_id)
    .where('sponsor_slug', 'in', [...slugs])
    .where('claims.status', '=', 'COMPLETED')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('settlement_claims')
            .select('settlement_claims.claim_id')
            .whereRef('settlement_claims.claim_id', '=', 'claims.claim_id')
            .where('live', '=', 1),
        ),
      ),
    );
  const { total } = await pending
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const rows = await pending
    .select(['claim_id', 'authorization_id', 'covered_amount', 'currency_code', 'created_at', 'completed_at'])
    .orderBy('completed_at')
    .orderBy('claim_id')
    .limit(limit)
    .offset(offset)
    .execute();
  return { total: Number(total), rows };
}

export type PendingRow = Pick<
  ClaimRow,
  'claim_id' | 'authorization_id' | 'covered_amount' | 'currency_code' | 'created_at' | 'completed_at'
>;
