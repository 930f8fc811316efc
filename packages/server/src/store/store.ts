import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { failureKind } from './failures.ts';
import { type Migrations, migrate, pendingMigrations } from './migrate.ts';
import type { DialectName } from './migrations/schema.ts';
import { openForMigration, openPostgres } from './postgres.ts';
import { type Living, takePart } from './presence.ts';
import { openSqlite } from './sqlite.ts';
import type { Executor } from './statement.ts';

export interface Store {
  readonly dialect: DialectName;
  /** For single statements. Never to be used inside `transaction`: the embedded store has one connection. */
  readonly db: Kysely<Database>;
  /** The name under which this process claims due work; null where nobody would give back what it leaves behind. */
  readonly claimant: number | null;
  /** The processes that claim due work here; of the embedded store this is the only one. */
  living(): Living;
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
  /** This process claims due work, perhaps beside others: all the time, or only when a clock is advanced. */
  readonly claims?: 'always' | 'at times';
  /** Other than this version's own, for tests. */
  readonly migrations?: Migrations;
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

async function open({ location, poolSize = 10, claims, migrations }: StoreOptions): Promise<Store> {
  const dialect = dialectOf(location);
  const { db, transaction } =
    dialect === 'postgres'
      ? await openMigrated(location, poolSize, migrations)
      : await openFile(location, migrations);
  const presence =
    dialect === 'postgres' && claims !== undefined
      ? await takePart(location, claims === 'always')
      : undefined;
  return {
    dialect,
    db,
    claimant: presence?.claimant ?? null,
    living: () => presence?.living() ?? alone,
    transaction: (work, prepare) => withRetries(() => transaction(work), prepare),
    close: async () => {
      await presence?.close();
      await db.destroy();
    },
  };
}

const alone: Living = { working: 1, serving: 0 };

function dialectOf(location: string): DialectName {
  return /^postgres(ql)?:\/\//.test(location) ? 'postgres' : 'sqlite';
}

async function openMigrated(url: string, poolSize: number, migrations: Migrations | undefined) {
  const migrating = await openForMigration(url);
  try {
    await migrate(migrating, 'postgres', migrations);
  } finally {
    await migrating.destroy();
  }
  return openPostgres(url, poolSize);
}

async function openFile(path: string, migrations: Migrations | undefined) {
  const opened = openSqlite(path);
  try {
    await migrate(opened.db, 'sqlite', migrations);
  } catch (error) {
    await opened.db.destroy();
    throw error;
  }
  return opened;
}

/** Names of what a start would apply to the database; changes nothing. Throws `StoreNotOpened`. */
export async function pendingMigrationsOf(location: string): Promise<string[]> {
  let db: Kysely<Database> | undefined;
  try {
    db = dialectOf(location) === 'postgres' ? await openForMigration(location) : openSqlite(location).db;
    return await pendingMigrations(db);
  } catch (error) {
    throw new StoreNotOpened('The database cannot be opened', { cause: error });
  } finally {
    await db?.destroy();
  }
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
