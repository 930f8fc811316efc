import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/** One file, one connection, WAL. */
export function sqliteDialect(path: string): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => sqliteDriver(path),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

// A commit is in the operating system's hands before it is acknowledged (survives kill -9); see docs/decisions.
const pragmas = `
  pragma journal_mode = wal;
  pragma synchronous = normal;
  pragma foreign_keys = on;
  pragma busy_timeout = 500;
  pragma temp_store = memory;
  pragma cache_size = -16000;
`;

const begin = 'begin immediate';

function sqliteDriver(path: string): Driver {
  const database = new DatabaseSync(path);
  database.exec(pragmas);
  const connection = sqliteConnection(database);
  const turns = createTurns();
  const run = async (command: string) => {
    database.exec(command);
  };
  return {
    init: async () => {},
    acquireConnection: async () => {
      await turns.take();
      return connection;
    },
    // Immediate: a transaction that will write takes its lock at once and never fails halfway on a locked database.
    beginTransaction: () => run(begin),
    commitTransaction: () => run('commit'),
    rollbackTransaction: async () => {
      // A full disk makes SQLite roll back by itself.
      if (database.isTransaction) database.exec('rollback');
    },
    releaseConnection: async () => turns.give(),
    destroy: async () => database.close(),
  };
}

/** First come, first served: one user of the connection at a time. */
function createTurns() {
  const waiting: (() => void)[] = [];
  let head = 0;
  let taken = false;
  return {
    take(): Promise<void> | undefined {
      if (!taken) {
        taken = true;
        return undefined;
      }
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
    give(): void {
      const next = waiting[head];
      if (next === undefined) {
        waiting.length = 0;
        head = 0;
        taken = false;
        return;
      }
      head += 1;
      next();
    },
  };
}

type Value = null | number | bigint | string | Uint8Array;

interface CachedStatement {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
}

function sqliteConnection(database: DatabaseSync): DatabaseConnection {
  const statements = new Map<string, CachedStatement>();
  const prepare = (sql: string): CachedStatement => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    const cached = { statement, returnsRows: statement.columns().length > 0 };
    // Lists of varying length make many texts; forgetting all is simpler than choosing, and rare.
    if (statements.size >= 1_000) statements.clear();
    statements.set(sql, cached);
    return cached;
  };
  return {
    executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
      const { statement, returnsRows } = prepare(query.sql);
      const parameters = query.parameters as Value[];
      if (returnsRows) {
        const rows = statement.all(...parameters) as R[];
        return { rows, numAffectedRows: BigInt(rows.length) };
      }
      const { changes } = statement.run(...parameters);
      return { rows: [], numAffectedRows: BigInt(changes) };
    },
    streamQuery: async function* <R>(query: CompiledQuery) {
      const { statement } = prepare(query.sql);
      for (const row of statement.iterate(...(query.parameters as Value[]))) {
        yield { rows: [row as R] };
      }
    },
  };
}
