import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type KyselyProps,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  Transaction,
} from 'kysely';
import { createCopying } from './copying.ts';
import type { Database } from './database.ts';
import { createWriter, lockPatience, type Writer } from './group-commit.ts';
import { createKeeping, tableWritten } from './keeping.ts';
import { createReader } from './reader.ts';
import { type Executor, executesDirectly } from './statement.ts';

export interface EmbeddedStore {
  readonly db: Kysely<Database>;
  transaction<T>(work: (tx: Executor) => Promise<T>): Promise<T>;
}

/**
 * One file in WAL mode with two connections: the writer, and a reader that sees what is committed and waits for
 * nobody. Without a file there is only the writer.
 */
export function openSqlite(path: string): EmbeddedStore {
  const database = connect(path);
  const keeping = createKeeping();
  const writing = statementsOf(database, keeping.writes);
  const readable = path === ':memory:' ? database : connect(path, 'pragma query_only = on');
  const reading = readable === database ? writing : statementsOf(readable);
  const reader = readable === database ? undefined : createReader(readable);
  const copying = path === ':memory:' ? undefined : createCopying(path, (work) => writer.pause(work));
  const writer = createWriter(database, () => {
    keeping.commits();
    reader?.renew();
    copying?.committed();
  });
  const read = reader?.read ?? writer.read;
  const outside = async (sql: string, parameters: readonly unknown[]): Promise<Rows> =>
    /^\s*select\b/i.test(sql)
      ? read(() => reading(sql, parameters))
      : writer.write(() => writing(sql, parameters));
  const inside = connectionOf(writing);
  const driver = sqliteDriver(writer, connectionOf(outside), inside, async () => {
    await copying?.close();
    await writer.close();
    if (readable.isOpen) readable.close();
  });
  const dialect = sqliteDialect(driver);
  const db = new Kysely<Database>({ dialect });
  const tx = transactionOver(db, { driver, dialect, connection: inside });
  // Without a file readers see what is not committed, so that nothing can be kept.
  executesDirectly(db, (sql, parameters, tables) =>
    tables === undefined || reader === undefined
      ? outside(sql, parameters)
      : keeping.lookUp({ sql, parameters, tables }, () => reader.read(() => reading(sql, parameters))),
  );
  executesDirectly(tx, (sql, parameters, tables) =>
    tables === undefined || reader === undefined
      ? writing(sql, parameters)
      : keeping.lookUpInside({ sql, parameters, tables }, () => writing(sql, parameters)),
  );
  return { db, transaction: (work) => writer.transaction(() => work(tx)) };
}

// A commit is in the operating system's hands before it is acknowledged (survives kill -9); see docs/decisions.
// The log is copied into the file by another thread (copying.ts); the writer does it where that has failed.
const pragmas = `
  pragma busy_timeout = ${lockPatience};
  pragma journal_mode = wal;
  pragma synchronous = normal;
  pragma foreign_keys = on;
  pragma temp_store = memory;
  pragma cache_size = -16000;
  pragma wal_autocheckpoint = 32000;
`;

function connect(path: string, ...more: readonly string[]): DatabaseSync {
  const database = new DatabaseSync(path);
  for (const text of [pragmas, ...more]) database.exec(text);
  return database;
}

/** Schema changes are part of transactions here, so a migration is applied as a whole or not at all. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function sqliteDialect(driver: Driver): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** What Kysely runs by itself: queries outside of transactions, and the migrations. */
function sqliteDriver(
  writer: Writer,
  outside: DatabaseConnection,
  inside: DatabaseConnection,
  close: () => Promise<void>,
): Driver {
  const begun = new WeakSet<DatabaseConnection>();
  return {
    init: async () => {},
    acquireConnection: async () => {
      // Each user gets one of its own, which `beginTransaction` binds to the writer.
      const connection: DatabaseConnection = {
        executeQuery: (query) => (begun.has(connection) ? inside : outside).executeQuery(query),
        streamQuery: outside.streamQuery,
      };
      return connection;
    },
    beginTransaction: async (connection) => {
      await writer.begin();
      begun.add(connection);
    },
    commitTransaction: async (connection) => {
      writer.end('commit');
      begun.delete(connection);
    },
    rollbackTransaction: async (connection) => {
      writer.end('rollback');
      begun.delete(connection);
    },
    releaseConnection: async () => {},
    destroy: close,
  };
}

/** There is one writer, hence one transaction object for all transactions. */
function transactionOver(
  db: Kysely<Database>,
  {
    driver,
    dialect,
    connection,
  }: Pick<KyselyProps, 'driver' | 'dialect'> & { connection: DatabaseConnection },
): Transaction<Database> {
  const executor = db
    .getExecutor()
    .withConnectionProvider({ provideConnection: (consumer) => consumer(connection) });
  return new Transaction<Database>({ config: { dialect }, driver, dialect, executor });
}

export interface Rows {
  readonly rows: unknown[];
  readonly changes: number;
}

function connectionOf(
  execute: (sql: string, parameters: readonly unknown[]) => Rows | Promise<Rows>,
): DatabaseConnection {
  return {
    executeQuery: async <R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> => {
      const { rows, changes } = await execute(sql, parameters);
      return { rows: rows as R[], numAffectedRows: BigInt(changes) };
    },
    streamQuery: () => {
      throw new Error('The embedded store does not stream');
    },
  };
}

type Value = null | number | bigint | string | Uint8Array;
type Row = Record<string, unknown>;

interface CachedStatement {
  readonly statement: StatementSync;
  readonly columns: readonly string[];
  /** A row of nulls. */
  readonly blank: Row;
  readonly written: string | undefined;
}

/** Every text is prepared once per connection. */
function statementsOf(database: DatabaseSync, writes: (table: string) => void = () => {}) {
  const statements = new Map<string, CachedStatement>();
  const prepare = (sql: string): CachedStatement => {
    const statement = database.prepare(sql);
    const columns = statement.columns().map(({ name }) => name);
    statement.setReturnArrays(true);
    const blank = Object.fromEntries(columns.map((name) => [name, null]));
    const cached = { statement, columns, blank, written: tableWritten(sql) };
    // Lists of varying length make many texts; forgetting all is simpler than choosing, and rare.
    if (statements.size >= 1_000) statements.clear();
    statements.set(sql, cached);
    return cached;
  };
  return (sql: string, parameters: readonly unknown[]): Rows => {
    const cached = statements.get(sql) ?? prepare(sql);
    if (cached.written !== undefined) writes(cached.written);
    if (cached.columns.length === 0) {
      const { changes } = cached.statement.run(...(parameters as Value[]));
      return { rows: [], changes: Number(changes) };
    }
    const found = cached.statement.all(...(parameters as Value[])) as unknown as Value[][];
    return { rows: found.map((values) => rowOf(cached, values)), changes: found.length };
  };
}

/** Filling a copy takes a third of the time in which Node makes an object of a wide row. */
function rowOf({ columns, blank }: CachedStatement, values: readonly Value[]): Row {
  const row = { ...blank };
  for (let index = 0; index < columns.length; index += 1) row[columns[index] ?? ''] = values[index];
  return row;
}
