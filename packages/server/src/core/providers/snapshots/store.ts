import type { Insertable, Selectable } from 'kysely';
import type { SnapshotTable } from '../../../store/database.ts';
import type { Executor } from '../../../store/statement.ts';

export type SnapshotRow = Omit<Selectable<SnapshotTable>, 'content'>;

/** By its id, by its name, or the newest. */
export type WhichSnapshot = { readonly snapshot_id?: string; readonly name?: string };

const columns = [
  'snapshot_id',
  'provider_id',
  'name',
  'schema_version',
  'clock',
  'row_count',
  'bytes',
  'created_at_real',
] as const;

export async function selectSnapshot(
  db: Executor,
  provider_id: string,
  { snapshot_id, name }: WhichSnapshot,
): Promise<SnapshotRow | undefined> {
  let query = db.selectFrom('snapshots').select(columns).where('provider_id', '=', provider_id);
  if (snapshot_id !== undefined) query = query.where('snapshot_id', '=', snapshot_id);
  if (name !== undefined) query = query.where('name', '=', name);
  return query.orderBy('snapshot_id', 'desc').limit(1).executeTakeFirst();
}

export async function selectContent(db: Executor, snapshot_id: string): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('snapshots')
    .select('content')
    .where('snapshot_id', '=', snapshot_id)
    .executeTakeFirst();
  return row?.content;
}

/** Newest first. */
export async function listSnapshotRows(
  db: Executor,
  provider_id: string,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ total: number; rows: SnapshotRow[] }> {
  const ofProvider = db.selectFrom('snapshots').where('provider_id', '=', provider_id);
  const { total } = await ofProvider
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const rows = await ofProvider
    .select(columns)
    .orderBy('snapshot_id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute();
  return { total: Number(total), rows };
}

export async function sumSnapshots(
  db: Executor,
  provider_id: string,
): Promise<{ count: number; bytes: number }> {
  const row = await db
    .selectFrom('snapshots')
    .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.sum<number>('bytes').as('bytes')])
    .where('provider_id', '=', provider_id)
    .executeTakeFirstOrThrow();
  return { count: Number(row.count), bytes: Number(row.bytes ?? 0) };
}

export async function insertSnapshot(db: Executor, row: Insertable<SnapshotTable>): Promise<void> {
  await db.insertInto('snapshots').values(row).execute();
}

/** How many there were. */
export async function deleteSnapshotRow(
  db: Executor,
  provider_id: string,
  by: { readonly snapshot_id: string } | { readonly name: string },
): Promise<number> {
  const query = db.deleteFrom('snapshots').where('provider_id', '=', provider_id);
  const { numDeletedRows } = await ('name' in by
    ? query.where('name', '=', by.name)
    : query.where('snapshot_id', '=', by.snapshot_id)
  ).executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
