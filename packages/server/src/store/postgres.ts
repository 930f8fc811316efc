import {
  type CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  type QueryResult,
  Transaction,
} from 'kysely';
import type { Pool, PoolClient } from 'pg';
import type { Database } from './database.ts';
import { isOutdatedPlan } from './failures.ts';
import { type Executor, executesDirectly } from './statement.ts';

/** int8 comes as text by default; every one we store is below 2^53. */
const int8 = 20;

export interface Patience {
  /** Milliseconds to wait for somebody's lock. */
  readonly lock: number;
  /** Milliseconds that one statement may take; 0: any time. */
  readonly statement: number;
}

/** A lock that does not come is a 503 for the caller, not a hang. */
const ofCallers: Patience = { lock: 10_000, statement: 60_000 };
/** Whoever comes behind a waiting change of a table waits for it too, so it gives up soon and asks again. */
const ofMigrations: Patience = { lock: 2_000, statement: 0 };

async function poolTo(url: string, size: number, { lock, statement }: Patience): Promise<Pool> {
  // Loaded only where it is used: the embedded store needs none of it.
  const { default: pg } = await import('pg');
  pg.types.setTypeParser(int8, Number);
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: 5_000,
    options: `-c lock_timeout=${lock} -c statement_timeout=${statement} -c idle_in_transaction_session_timeout=60000`,
  });
  // An idle connection that the server closes must not end the process; the next query gets a new one.
  pool.on('error', () => {});
  // Nor must one that breaks while it is in use: the query in it fails, which says enough.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

export interface PooledStore {
  readonly db: Kysely<Database>;
  transaction<T>(work: (tx: Executor) => Promise<T>): Promise<T>;
}

export async function openPostgres(url: string, poolSize: number): Promise<PooledStore> {
  const pool = await poolTo(url, poolSize, ofCallers);
  const dialect = new PostgresDialect({ pool });
  const db = new Kysely<Database>({ dialect });
  executesDirectly(db, (sql, parameters) =>
    runPrepared(pool, sql, parameters).catch((error: unknown) => {
      if (isOutdatedPlan(error)) return runPrepared(pool, sql, parameters);
      throw error;
    }),
  );
  const driver = dialect.createDriver();
  const transactionOn = (client: PoolClient): Transaction<Database> => {
    const connection = connectionOf(client);
    const executor = db
      .getExecutor()
      .withConnectionProvider({ provideConnection: (consumer) => consumer(connection) });
    const tx = new Transaction<Database>({ config: { dialect }, driver, dialect, executor });
    executesDirectly(tx, (sql, parameters) => runPrepared(client, sql, parameters));
    return tx;
  };
  return { db, transaction: (work) => transact(pool, (client) => work(transactionOn(client))) };
}

/** Connections for changing the schema while others use it. */
export async function openForMigration(url: string): Promise<Kysely<Database>> {
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool: await poolTo(url, 2, ofMigrations) }) });
}

async function transact<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** By their text. All get others when one is outdated: a change of the schema seldom comes alone. */
let names = new Map<string, string>();
let named = 0;

/**
 * Statements that are compiled once are also parsed and planned once per connection. After a migration by a newer version
 * some fail; the next try, of the whole transaction where they were part of one, plans them anew.
 */
async function runPrepared(on: Pool | PoolClient, sql: string, parameters: readonly unknown[]) {
  let name = names.get(sql);
  if (name === undefined) {
    name = `s${named}`;
    named += 1;
    names.set(sql, name);
  }
  try {
    const { rows, rowCount } = await on.query({ name, text: sql, values: [...parameters] });
    return { rows: rows as unknown[], changes: rowCount ?? 0 };
  } catch (error) {
    if (isOutdatedPlan(error) && names.get(sql) === name) names = new Map();
    throw error;
  }
}

function connectionOf(client: PoolClient): DatabaseConnection {
  return {
    executeQuery: async <R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> => {
      const { rows, rowCount } = await client.query(sql, [...parameters]);
      return { rows: rows as R[], numAffectedRows: BigInt(rowCount ?? 0) };
    },
    streamQuery: () => {
      throw new Error('Nothing is streamed');
    },
  };
}
