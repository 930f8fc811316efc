import { CompiledQuery, type RawBuilder, sql } from 'kysely';
import { toRealTime } from '../../../engine/clock.ts';
import { newRowId } from '../../../platform/ids.ts';
import type { Executor } from '../../../store/statement.ts';
import { type WorldTable, type WorldTableName, worldColumns, worldTables } from './tables.ts';
import type { Cell, TableRows, World } from './world.ts';

/** All rows of a provider; consistent in a transaction that locks it exclusively. */
export async function readRows(db: Executor, provider_id: string): Promise<World['tables']> {
  const found: Partial<Record<WorldTableName, TableRows>> = {};
  for (const [name, table] of worldTables) {
    const { rows } = await sql<Record<string, Cell>>`
      select * from ${sql.table(name)} where ${ofProvider(table, provider_id)}
      order by ${sql.raw(table.order)}`.execute(db);
    const [first] = rows;
    if (first === undefined) continue;
    const columns = Object.keys(first).filter((column) => !table.renewed?.includes(column));
    found[name] = { columns, rows: rows.map((row) => columns.map((column) => row[column] ?? null)) };
  }
  return found;
}

export async function readOwnColumns(db: Executor, provider_id: string): Promise<World['provider']> {
  return db
    .selectFrom('providers')
    .select([...worldColumns])
    .where('provider_id', '=', provider_id)
    .executeTakeFirstOrThrow();
}

/** So much of a line of a provider's authorization or prescription is held by another provider. */
export interface HeldByOthers {
  readonly document_id: string;
  readonly line: number;
  readonly quantity: number;
}

/** Open dispensations and claims of others on codes of this provider, line by line. */
export async function selectHeldByOthers(
  db: Executor,
  provider_id: string,
): Promise<readonly HeldByOthers[]> {
  const { rows } = await sql<HeldByOthers>`
    select coalesce(authorization_id, prescription_id) as document_id, source_line as line, quantity
    from dispensations join dispensation_lines on dispensation_lines.dispensation_id = dispensations.dispensation_id
    where owner_provider_id = ${provider_id} and provider_id <> ${provider_id} and status = 'STARTED'
    union all
    select authorization_id as document_id, source_line as line, quantity
    from claims join claim_lines on claim_lines.claim_id = claims.claim_id
    where owner_provider_id = ${provider_id} and provider_id <> ${provider_id} and status = 'OPEN'
      and source_line is not null`.execute(db);
  return rows;
}

/** Children before their parents. */
export async function wipeRows(
  db: Executor,
  provider_id: string,
  which: (table: WorldTable) => boolean,
): Promise<void> {
  for (const [name, table] of worldTables.toReversed()) {
    if (!which(table)) continue;
    await sql`delete from ${sql.table(name)} where ${ofProvider(table, provider_id)}`.execute(db);
  }
  // A stored answer would replay ids from before. What was done to the world from outside stays done, this too.
  await sql`delete from idempotency_keys where target not like 'POST /|_sandbox/%' escape '|' and client_id in (
    select client_id from clients where provider_id = ${provider_id})`.execute(db);
}

function ofProvider({ parents }: WorldTable, provider_id: string): RawBuilder<unknown> {
  if (parents === undefined) return sql`provider_id = ${provider_id}`;
  const [key, ...tables] = parents;
  const keys = tables.map(
    (parent) => sql`select ${sql.ref(key)} from ${sql.table(parent)} where provider_id = ${provider_id}`,
  );
  return sql`${sql.ref(key)} in (${sql.join(keys, sql` union all `)})`;
}

/** Parents before their children. Answers the real time at which the first of its due work falls due. */
export async function insertRows(
  db: Executor,
  tables: World['tables'],
  clock_offset: number,
): Promise<number> {
  let firstDue = Number.POSITIVE_INFINITY;
  for (const [name] of worldTables) {
    const table = tables[name];
    if (table === undefined) continue;
    if (name !== 'due_work') {
      await insertAll(db, name, table);
      continue;
    }
    const renewed = renewedWork(table, clock_offset);
    firstDue = renewed.reduce((first, { due_at_real }) => Math.min(first, due_at_real), firstDue);
    const columns = ['work_id', 'due_at_real', ...table.columns];
    const rows = renewed.map(({ work_id, due_at_real, cells }) => [work_id, due_at_real, ...cells]);
    await insertAll(db, name, { columns, rows });
  }
  return firstDue;
}

/** Under ids of its own, in the same order, claimed by nobody. */
function renewedWork({ columns, rows }: TableRows, clock_offset: number) {
  const dueAt = columns.indexOf('due_at');
  return rows.map((cells) => ({
    work_id: newRowId(),
    due_at_real: toRealTime(Number(cells[dueAt]), clock_offset),
    cells,
  }));
}

const most = 64;

/** Many rows in a statement, always a power of two of them: a table has seven texts, which stay prepared. */
async function insertAll(db: Executor, name: WorldTableName, { columns, rows }: TableRows): Promise<void> {
  let size = most;
  for (let start = 0; start < rows.length; start += size) {
    while (size > rows.length - start) size /= 2;
    const parameters = rows.slice(start, start + size).flat();
    await db.executeQuery(CompiledQuery.raw(insertText(db, name, columns, size), parameters));
  }
}

const texts = new Map<string, string>();

function insertText(db: Executor, name: WorldTableName, columns: readonly string[], size: number): string {
  const dialect = db.getExecutor().adapter.constructor.name;
  const key = `${dialect} ${name} ${size} ${columns.join()}`;
  const known = texts.get(key);
  if (known !== undefined) return known;
  const row = sql`(${sql.join(columns.map(() => sql`${null}`))})`;
  const { sql: text } =
    sql`insert into ${sql.table(name)} (${sql.join(columns.map((column) => sql.ref(column)))})
    values ${sql.join(Array.from({ length: size }, () => row))}`.compile(db);
  texts.set(key, text);
  return text;
}
