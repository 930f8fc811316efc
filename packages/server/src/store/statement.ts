import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import type { Database } from './database.ts';

/**
 * Queries on hot paths are compiled to SQL once per dialect and then only executed: building and compiling
 * a Kysely query costs more than running it on the embedded store.
 */
class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

interface Prepared {
  readonly query: CompiledQuery;
  /** For each SQL parameter: the name of the input it takes, or the constant it holds. */
  readonly sources: readonly unknown[];
}

type Inputs = Record<string, unknown>;

/** Where the query is run: the database or a transaction. */
export type Executor = Kysely<Database>;

/** Runs SQL without Kysely in between, whose executor costs more than a statement of the embedded store. */
type Direct = (
  sql: string,
  parameters: readonly unknown[],
  tables: readonly string[] | undefined,
) => Answered | Promise<Answered>;

interface Answered {
  readonly rows: unknown[];
  readonly changes: number;
}

const directs = new WeakMap<Executor, Direct>();

/** From now on compiled queries that are run on `db` are handed to `direct`. */
export function executesDirectly(db: Executor, direct: Direct): void {
  directs.set(db, direct);
}

/**
 * A query that answers rows. `build` is called once per dialect with a placeholder for every input; it must use
 * each one as a plain value and must not look at it.
 */
export function statement<P extends Inputs, O = unknown>(build: Build<P, O>) {
  const execute = compiled(build);
  return async (db: Executor, inputs: P): Promise<O[]> => (await execute(db, inputs)).rows as O[];
}

/**
 * As `statement`, for what is asked again and again of `tables`, all it reads, which are seldom written: the embedded
 * store keeps the answers until they are. Everybody gets the same rows, so nobody may change one.
 */
export function lookup<P extends Inputs, O = unknown>(tables: readonly Table[], build: Build<P, O>) {
  const execute = compiled(build, tables);
  return async (db: Executor, inputs: P): Promise<readonly O[]> =>
    (await execute(db, inputs)).rows as readonly O[];
}

type Table = keyof Database & string;

/** As `statement`, answering how many rows were changed: the winner of a race sees 1, the losers 0. */
export function change<P extends Inputs>(build: Build<P, unknown>) {
  const execute = compiled(build);
  return async (db: Executor, inputs: P): Promise<number> => (await execute(db, inputs)).changes;
}

/** As `change`, once for each of the inputs, one after the other. */
export function changeEach<P extends Inputs>(build: Build<P, unknown>) {
  const execute = compiled(build);
  return async (db: Executor, all: readonly P[]): Promise<void> => {
    for (const inputs of all) {
      const answered = execute(db, inputs);
      if (answered instanceof Promise) await answered;
    }
  };
}

type Build<P extends Inputs, O> = (db: Executor, inputs: P) => Compilable<O>;

function compiled<P extends Inputs, O>(build: Build<P, O>, tables?: readonly string[]) {
  const preparedByDialect = new Map<unknown, Prepared>();
  return (db: Executor, inputs: P): Answered | Promise<Answered> => {
    const executor = db.getExecutor();
    const dialect = executor.adapter.constructor;
    let prepared = preparedByDialect.get(dialect);
    if (prepared === undefined) {
      prepared = prepare(db, build);
      preparedByDialect.set(dialect, prepared);
    }
    const parameters = prepared.sources.map((source) =>
      source instanceof Slot ? inputs[source.name] : source,
    );
    const direct = directs.get(db);
    return direct === undefined
      ? throughKysely(executor, { ...prepared.query, parameters })
      : direct(prepared.query.sql, parameters, tables);
  };
}

async function throughKysely(
  executor: ReturnType<Executor['getExecutor']>,
  query: CompiledQuery,
): Promise<Answered> {
  const { rows, numAffectedRows } = await executor.executeQuery(query);
  return { rows, changes: Number(numAffectedRows ?? 0n) };
}

function prepare<P extends Inputs>(db: Executor, build: Build<P, unknown>): Prepared {
  const slots = new Proxy({} as P, { get: (_target, name) => new Slot(String(name)) });
  const query = build(db, slots).compile();
  return { query, sources: query.parameters };
}
