import { PostgresAdapter, sql } from 'kysely';
import type { Executor } from './statement.ts';

/**
 * The end of a select in a transaction whose rows nobody else may change until that ends. The embedded store has one
 * writer, which alone is enough. As strong as an update, so that rows which refer to these can still be inserted.
 */
export function rowLock(db: Executor) {
  return db.getExecutor().adapter instanceof PostgresAdapter ? sql`for no key update` : sql``;
}

/** As `rowLock`, for rows that must only be there still when the transaction ends, because it refers to them. */
export function presenceLock(db: Executor) {
  return db.getExecutor().adapter instanceof PostgresAdapter ? sql`for key share` : sql``;
}
