import { type Dialect, Kysely, Migrator, sql } from 'kysely';
import type { Database } from './database.ts';
import { failureKind } from './failures.ts';
import { foundation } from './migrations/001-foundation.ts';
import { authorizations } from './migrations/002-authorizations.ts';
import { webhooks } from './migrations/003-webhooks.ts';
import { prescriptions } from './migrations/004-prescriptions.ts';
import { claims } from './migrations/005-claims.ts';
import { settlements } from './migrations/006-settlements.ts';
import type { DialectName } from './migrations/schema.ts';
import { postgresDialect } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import type { Executor } from './statement.ts';

const migrations = {
  '001-foundation': foundation,
  '002-authorizations': authorizations,
  '003-webhooks': webhooks,
  '004-prescriptions': prescriptions,
  '005-claims': claims,
  '006-settlements': settlements,
} as const;

export interface Store {
  readonly dialect: DialectName;
  /** For single statements. Never to be used inside `transaction`: the embedded store has one connection. */
  readonly db: Kysely<Database>;
  /**
   * Runs `work` in one transaction, again (with fresh reads) when the database asks for that. `prepare` runs
   * before each try, outside the transaction.
   */
  transaction<T>(work: (tx: Executor) => Promise<T>, prepare?: () => Promise<void> | undefined): Promise<T>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** `postgres://…`, or the path of an SQLite file. */
  readonly location: string;
  readonly poolSize?: number;
}

/** The database of the settings cannot be used; `cause` says why. */
export class StoreNotOpened extends Error {}

/** Throws `StoreNotOpened`. */
export async function openStore(options: StoreOptions): Promise<Store> {
  try {
    return await open(options);
  } catch (error) {
    throw new StoreNotOpened('The database cannot be opened', { cause: error });
  }
}

async function open(options: StoreOptions): Promise<Store> {
  const dialectName: DialectName = /^postgres(ql)?:\/\//.test(options.location) ? 'postgres' : 'sqlite';
  const { db, transaction } =
    dialectName === 'postgres'
      ? openPooled(await postgresDialect(options.location, options.poolSize ?? 10))
      : openSqlite(options.location);
  try {
    await migrate(db, dialectName);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    dialect: dialectName,
    db,
    transaction: (work, prepare) => withRetries(() => transaction(work), prepare),
    close: () => db.destroy(),
  };
}

function openPooled(dialect: Dialect) {
  const db = new Kysely<Database>({ dialect });
  return { db, transaction: <T>(work: (tx: Executor) => Promise<T>) => db.transaction().execute(work) };
}

async function migrate(db: Kysely<Database>, dialect: DialectName): Promise<void> {
  const provider = {
    getMigrations: async () =>
      Object.fromEntries(
        Object.entries(migrations).map(([name, up]) => [
          name,
          { up: (migrating: Kysely<unknown>) => up(migrating, dialect) },
        ]),
      ),
  };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error;
}

const attempts = 5;

async function withRetries<T>(
  work: () => Promise<T>,
  prepare: (() => Promise<void> | undefined) | undefined,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await prepare?.();
      return await work();
    } catch (error) {
      const again = failureKind(error) === 'retry' || error instanceof TryAgain;
      if (!again || attempt === attempts) throw error;
    }
  }
}

/** Thrown inside a transaction that should run once more from the start, a code that was just taken for example. */
export class TryAgain extends Error {}

/** A part of a transaction that can fail by itself: what it wrote is undone, the transaction goes on. */
export async function savepoint<T>(tx: Executor, work: () => Promise<T>): Promise<T> {
  await sql`savepoint part`.execute(tx);
  try {
    const result = await work();
    await sql`release savepoint part`.execute(tx);
    return result;
  } catch (error) {
    // A database that has given the whole transaction up knows no savepoint any more; the first error says why.
    await sql`rollback to savepoint part`.execute(tx).catch(() => {
      throw error;
    });
    throw error;
  }
}
