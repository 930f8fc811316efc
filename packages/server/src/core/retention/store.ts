import { type RawBuilder, sql } from 'kysely';
import { isEmbedded, textsOf } from '../../store/recordset.ts';
import { change, type Executor, statement } from '../../store/statement.ts';
import type { EndingKind, HistoryKind } from './kinds.ts';

/** Few enough for whoever waits for the embedded store meanwhile. */
const usualRowsAtOnce = 100;

/** Where a row stands in its history; `at` is 0 where ids alone are the order. */
export type Place = { readonly at: number; readonly id: string };

export interface HistoryRow extends Place {
  readonly key: string;
  /** 1: nobody needs it any more. */
  readonly over: 0 | 1;
}

type OfProvider = { provider_id: string };
type Moment = OfProvider & { now: number; oldest: number };

export interface HistoryStatements {
  /** Of one statement. */
  readonly rowsAtOnce: number;
  /** The row that so many others follow which come before `at` and `id`: no row where there are not as many. */
  readonly newest: (db: Executor, inputs: OfProvider & Place & { skip: number }) => Promise<Place[]>;
  /** The first rows after `at` and `id`, in any order. */
  readonly oldest: (db: Executor, inputs: Moment & Place) => Promise<HistoryRow[]>;
  /** Those of the rows that nobody else is just using. `keys`: JSON text of an array. For PostgreSQL. */
  readonly hold: (db: Executor, inputs: OfProvider & { keys: string }) => Promise<{ key: string }[]>;
  /** Deletes rows that nobody needs any more, unless the world in which they were found has been replaced. */
  readonly remove: (db: Executor, inputs: Moment & { keys: string; world: number }) => Promise<number>;
}

export function historyStatements(kind: HistoryKind): HistoryStatements {
  const table = sql.table(kind.table);
  const key = sql.ref(`${kind.table}.${kind.key}`);
  const id = sql.ref(kind.madeBy[0]);
  const place = kind.byTime === true ? sql`created_at, ${id}` : id;
  const at = kind.byTime === true ? sql`created_at` : sql.lit(0);
  const position = (inputs: Place) =>
    kind.byTime === true ? sql`(${inputs.at}, ${inputs.id})` : sql`(${inputs.id})`;
  const ofStatus = kind.status === undefined ? sql`` : sql` and status = ${sql.lit(kind.status)}`;
  const backwards = kind.byTime === true ? sql`created_at desc, ${id} desc` : sql`${id} desc`;
  const { rowsAtOnce = usualRowsAtOnce } = kind;
  return {
    rowsAtOnce,
    newest: statement((db, inputs) =>
      compiledBy(
        db,
        sql`select ${at} as at, ${id} as id from ${table}
          where provider_id = ${inputs.provider_id}${ofStatus} and (${place}) < ${position(inputs)}
          order by ${backwards} limit 1 offset ${inputs.skip}`,
      ),
    ),
    oldest: statement((db, inputs) => {
      const some = sql`${table}
        where provider_id = ${inputs.provider_id}${ofStatus} and (${place}) > ${position(inputs)}
        order by ${place} limit ${sql.lit(rowsAtOnce)}`;
      // PostgreSQL plans what is to be known of each for all rows that the index has, unless it has these few first.
      return compiledBy(
        db,
        sql`select ${at} as at, ${id} as id, ${key} as key,
            case when ${kind.over(inputs)} then 1 else 0 end as over
          from ${isEmbedded(db) ? some : sql`(select * from ${some}) as ${table}`}`,
      );
    }),
    hold: statement((db, inputs) =>
      compiledBy(
        db,
        sql`select ${key} as key from ${table}
          where provider_id = ${inputs.provider_id} and ${key} ${among(db, inputs.keys)}
          for update skip locked`,
      ),
    ),
    remove: change((db, inputs) =>
      compiledBy(
        db,
        sql`delete from ${table} where ${key} ${among(db, inputs.keys)} and ${kind.over(inputs)}
          and exists (select 1 from providers
            where provider_id = ${inputs.provider_id} and coalesce(reset_at_real, 0) = ${inputs.world})`,
      ),
    ),
  };
}

export interface EndingStatements {
  /** A row where there is one that has ended by then. */
  readonly find: (db: Executor, inputs: { before: number }) => Promise<unknown[]>;
  /** Some of them, those that ended first before the others. */
  readonly remove: (db: Executor, inputs: { before: number }) => Promise<number>;
}

export function endingStatements({ table, key, end: [column] }: EndingKind): EndingStatements {
  const keys = sql.join(key.map((name) => sql.ref(name)));
  const end = sql.ref(column);
  return {
    find: statement((db, { before }) =>
      compiledBy(db, sql`select 1 as found from ${sql.table(table)} where ${end} < ${before} limit 1`),
    ),
    remove: change((db, { before }) =>
      compiledBy(
        db,
        sql`delete from ${sql.table(table)} where (${keys}) in (
          select ${keys} from ${sql.table(table)} where ${end} < ${before}
          order by ${end} limit ${sql.lit(usualRowsAtOnce)} ${isEmbedded(db) ? sql`` : sql`for update skip locked`})`,
      ),
    ),
  };
}

/** As an array, PostgreSQL looks each of them up, whatever it thinks of how many there are. */
function among(db: Executor, keys: string): RawBuilder<unknown> {
  return isEmbedded(db) ? sql`in ${textsOf(db, keys)}` : sql`= any(array${textsOf(db, keys)})`;
}

function compiledBy<O>(db: Executor, text: RawBuilder<O>) {
  return { compile: () => text.compile(db) };
}

/** A number that nobody else locks by: whoever has it removes. */
const lockNumber = 7_105;

/**
 * For a transaction on PostgreSQL: whether nobody else is removing at this moment. From now on it waits for no lock any
 * longer than callers can bear, so that of two who wait for each other it is always this one that gives way.
 */
export async function takeTurn(tx: Executor): Promise<boolean> {
  const [turn] = await askForTurn(tx, {});
  return turn?.mine === true;
}

const askForTurn = statement<Record<string, never>, { mine: boolean }>((db) =>
  compiledBy(
    db,
    sql`select pg_try_advisory_xact_lock(${sql.lit(lockNumber)}) as mine, set_config('lock_timeout', '100', true)`,
  ),
);

export interface Tenant {
  readonly provider_id: string;
  readonly clock_offset: number;
  /** Which world of the provider it is. */
  readonly world: number;
  /** When the world came into being here, in real time. */
  readonly since: number;
}

export async function selectTenants(db: Executor): Promise<Tenant[]> {
  const rows = await db
    .selectFrom('providers')
    .select(['provider_id', 'clock_offset', 'reset_at_real', 'imported_at_real', 'created_at_real'])
    .orderBy('provider_id')
    .execute();
  return rows.map((row) => ({
    provider_id: row.provider_id,
    clock_offset: row.clock_offset,
    world: row.reset_at_real ?? 0,
    since: Math.max(row.reset_at_real ?? 0, row.imported_at_real ?? 0),
  }));
}
