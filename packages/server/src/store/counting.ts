import { type SelectQueryBuilder, sql } from 'kysely';
import type { Database } from './database.ts';
import type { Executor } from './statement.ts';

/**
 * A list is counted up to here, so that its first page costs the same however long it is. Whoever pages on is counted
 * along with: every page but the last one has a next.
 */
export const countedAtMost = 10_000;

/** How many rows match, as far as the page of them needs to know. */
export async function countMatching<T extends keyof Database>(
  db: Executor,
  matching: SelectQueryBuilder<Database, T, object>,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<number> {
  const most = Math.max(countedAtMost, offset + limit + 1);
  const { total } = await db
    .selectFrom(matching.select(sql.lit(1).as('one')).limit(most).as('some_rows'))
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return Number(total);
}
