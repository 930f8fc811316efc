import { CompiledQuery } from 'kysely';
import { isEmbedded } from '../store/recordset.ts';
import type { Executor } from '../store/statement.ts';

/** Rows of an index that begins with the columns of `equal` and goes on with `created_at` and the id. */
export interface Ranges {
  readonly table: 'deliveries' | 'events';
  readonly id: 'delivery_id' | 'event_id';
  /** One or several values for each column: every combination is a range of the index. */
  readonly equal: Readonly<Record<string, readonly string[]>>;
  readonly after: Position;
  /** On the provider's clock, included. */
  readonly to: number;
}

/** The place of a row in the order of `created_at` and id; an empty id comes before all of its moment. */
export interface Position {
  readonly created_at: number;
  readonly id: string;
}

export interface Part {
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly offset: number;
}

/**
 * The positions of a part of the rows, ranges together, in order of `created_at` and id. Each range is in that order
 * already; merging them reads no further than the part goes, however many rows there are.
 */
export async function positionsIn(db: Executor, ranges: Ranges, part: Part): Promise<Position[]> {
  if (isEmpty(ranges)) return [];
  const { rows } = await db.executeQuery<Position>(positionsQuery(db, ranges, part));
  return rows;
}

/** How many rows there are, up to `most`. */
export async function countIn(db: Executor, ranges: Ranges, most: number): Promise<number> {
  if (isEmpty(ranges)) return 0;
  const { rows } = await db.executeQuery<{ total: number }>(countQuery(db, ranges, most));
  return Number(rows[0]?.total ?? 0);
}

function isEmpty({ equal }: Ranges): boolean {
  return Object.values(equal).some((values) => values.length === 0);
}

/** Of ranges that are not empty, like `countQuery`; a test looks at the plans of both. */
export function positionsQuery(db: Executor, ranges: Ranges, part: Part): CompiledQuery<Position> {
  const combinations = combinationsOf(Object.values(ranges.equal));
  return isEmbedded(db) ? merged(ranges, combinations, part) : joined(ranges, combinations, part);
}

export function countQuery(db: Executor, ranges: Ranges, most: number): CompiledQuery<{ total: number }> {
  const { table, id, equal, after, to } = ranges;
  if (!isEmbedded(db)) {
    const { text, parameters } = eachRange(ranges, combinationsOf(Object.values(equal)), 'asc', most);
    const some = `(select 1 from ${text} limit ${most})`;
    return CompiledQuery.raw(`select count(*) as total from ${some} as counted`, parameters);
  }
  const lists = Object.entries(equal).map(([column, values]) => `${column} in (${values.map(() => '?')})`);
  return CompiledQuery.raw(
    `select count(*) as total from (select 1 from ${table} where ${lists.join(' and ')}
      and (created_at, ${id}) > (?, ?) and created_at <= ? limit ?) as counted`,
    [...Object.values(equal).flat(), after.created_at, after.id, to, most],
  );
}

/** SQLite merges ordered parts of a union as they are asked for. */
function merged(
  { table, id, equal, after, to }: Ranges,
  combinations: readonly (readonly string[])[],
  { order, limit, offset }: Part,
): CompiledQuery<Position> {
  const conditions = Object.keys(equal).map((column) => `${column} = ?`);
  const range = `select created_at, ${id} as id from ${table} where ${conditions.join(' and ')}
    and (created_at, ${id}) > (?, ?) and created_at <= ?`;
  const text = `${combinations.map(() => range).join(' union all ')}
    order by created_at ${order}, id ${order} limit ? offset ?`;
  const bounds = [after.created_at, after.id, to];
  return CompiledQuery.raw(text, [
    ...combinations.flatMap((values) => [...values, ...bounds]),
    limit,
    offset,
  ]);
}

/** PostgreSQL plans a union of many parts for longer than it takes to look into each range. */
function joined(
  ranges: Ranges,
  combinations: readonly (readonly string[])[],
  { order, limit, offset }: Part,
): CompiledQuery<Position> {
  const { text, parameters } = eachRange(ranges, combinations, order, offset + limit);
  return CompiledQuery.raw(
    `select found.created_at, found.id from ${text}
      order by found.created_at ${order}, found.id ${order} limit ${limit} offset ${offset}`,
    parameters,
  );
}

/** The first rows of each range: with an order, so that the planner reads no more of it. */
function eachRange(
  { table, id, equal, after, to }: Ranges,
  combinations: readonly (readonly string[])[],
  order: Part['order'],
  limit: number,
) {
  const columns = Object.keys(equal);
  const lists = columns.map((_, index) => `$${index + 1}::text[]`);
  const [created, last, until] = [1, 2, 3].map((place) => `$${columns.length + place}`);
  const text = `unnest(${lists}) as range(${columns})
    cross join lateral (select created_at, ${id} as id from ${table}
      where ${columns.map((column) => `${table}.${column} = range.${column}`).join(' and ')}
        and (created_at, ${id}) > (${created}::bigint, ${last}::text) and created_at <= ${until}::bigint
      order by created_at ${order}, ${id} ${order} limit ${limit}) as found`;
  const byColumn = columns.map((_, index) => combinations.map((values) => values[index]));
  return { text, parameters: [...byColumn, after.created_at, after.id, to] };
}

function combinationsOf(lists: readonly (readonly string[])[]): string[][] {
  return lists.reduce<string[][]>(
    (found, values) => found.flatMap((before) => values.map((value) => [...before, value])),
    [[]],
  );
}
