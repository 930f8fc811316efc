import { PostgresAdapter, sql } from 'kysely';
import type { Database } from './database.ts';
import type { Executor } from './statement.ts';

/**
 * The end of a select in a transaction whose rows nobody else may change until that ends. The embedded store has one
 * writer, which alone is enough. As strong as an update, so that rows which refer to these can still be inserted.
 */
export function rowLock(db: Executor) {
  return db.getExecutor().adapter instanceof PostgresAdapter ? sql`for no key update` : sql``;
}

/**
 * As `rowLock`, for rows that must only be there still when the transaction ends, because it refers to them; of a join,
 * those of one table.
 */
export function presenceLock(db: Executor, table?: keyof Database) {
  if (!(db.getExecutor().adapter instanceof PostgresAdapter)) return sql``;
  return table === undefined ? sql`for key share` : sql`for key share of ${sql.table(table)}`;
}

/** As `rowLock`, for rows that others refer to: waits until nobody holds a `presenceLock` on them. */
export function removalLock(db: Executor) {
  return db.getExecutor().adapter instanceof PostgresAdapter ? sql`for update` : sql``;
}

/**
 * For rows of which there may be none to lock: until the transaction ends nobody else takes the same turn. Less than
 * locking the provider exclusively, which waits for all that the provider is doing.
 */
export async function waitForTurn(db: Executor, turn: string): Promise<void> {
  if (!(db.getExecutor().adapter instanceof PostgresAdapter)) return;
  await sql`select pg_advisory_xact_lock(hashtextextended(${turn}, 0))`.execute(db);
}
