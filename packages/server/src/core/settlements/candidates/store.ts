import type { Selectable } from 'kysely';
import { countMatching } from '../../../store/counting.ts';
import type { ClaimTable } from '../../../store/database.ts';
import type { Executor } from '../../../store/statement.ts';

type ClaimRow = Selectable<ClaimTable>;

const candidateColumns = [
  'claims.claim_id',
  'claims.authorization_id',
  'claims.sponsor_slug',
  'claims.status',
  'claims.currency_code',
  'claims.covered_amount',
] as const;

export type CandidateRow = Pick<
  ClaimRow,
  'claim_id' | 'authorization_id' | 'sponsor_slug' | 'status' | 'currency_code' | 'covered_amount'
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
  const total = await countMatching(db, pendingOf(db, provider_id, slugs), { limit, offset });
  // Each slug is a range of an index in this order: the first rows of each are read, and no others.
  const [first, ...others] = slugs.map((slug) =>
    db
      .selectFrom(
        pendingOf(db, provider_id, [slug])
          .select(pendingColumns)
          .orderBy('completed_at')
          .orderBy('claim_id')
          .limit(offset + limit)
          .as('of_slug'),
      )
      .selectAll(),
  );
  if (first === undefined) return { total: 0, rows: [] };
  const all = others.reduce((before, each) => before.unionAll(each), first);
  const rows = await db
    .selectFrom(all.as('pending'))
    .selectAll()
    .orderBy('completed_at')
    .orderBy('claim_id')
    .limit(limit)
    .offset(offset)
    .execute();
  return { total, rows };
}

function pendingOf(db: Executor, provider_id: string, slugs: readonly string[]) {
  return db
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
}

const pendingColumns = [
  'claim_id',
  'authorization_id',
  'covered_amount',
  'currency_code',
  'created_at',
  'completed_at',
] as const;

export type PendingRow = Pick<ClaimRow, (typeof pendingColumns)[number]>;
