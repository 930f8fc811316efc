import { providerNow } from '../../../engine/clock.ts';
import type { UnitOfWork, UnitsOfWork } from '../../../engine/unit-of-work.ts';
import { fault } from '../../../platform/errors.ts';
import { newId } from '../../../platform/ids.ts';
import { isoTimestamp, realNow } from '../../../platform/time.ts';
import { failureKind } from '../../../store/failures.ts';
import { schemaVersion } from '../../../store/migrate.ts';
import { packWorld, unpackWorld } from '../world/document.ts';
import { restoreWorld } from '../world/replace.ts';
import { takeWorld } from '../world/take.ts';
import { rowCount, type World } from '../world/world.ts';
import { createWorldCache } from './cache.ts';
import {
  deleteSnapshotRow,
  insertSnapshot,
  listSnapshotRows,
  type SnapshotRow,
  selectContent,
  selectSnapshot,
  sumSnapshots,
  type WhichSnapshot,
} from './store.ts';

const maxSnapshots = 20;
const megabyte = 1024 * 1024;
/** Of all that one provider keeps, compressed. */
const maxBytes = 256 * megabyte;
/** Of the text of one, which has to be held in memory while it is written. */
const maxSize = 256 * megabyte;
const cacheSize = 32 * megabyte;

export interface Snapshots {
  /** Everything of the provider at one moment, not kept yet. */
  take(provider_id: string, name: string | undefined): Promise<TakenSnapshot>;
  /** Locks exclusively. A name is given to the newest that asks for it: the older one goes. */
  keep(uow: UnitOfWork, taken: TakenSnapshot): Promise<SnapshotView>;
  list(
    provider_id: string,
    window: { readonly limit: number; readonly offset: number },
  ): Promise<{ total: number; content: SnapshotView[] }>;
  remove(provider_id: string, snapshot_id: string): Promise<void>;
  find(provider_id: string, which: WhichSnapshot): Promise<FoundSnapshot>;
  /**
   * In a transaction that locks exclusively: whoever reads sees the old world or the new one, and after a crash it is one
   * of the two.
   */
  restore(uow: UnitOfWork, found: FoundSnapshot): Promise<Restored>;
}

export interface FoundSnapshot {
  readonly row: SnapshotRow;
  readonly world: World;
}

export interface TakenSnapshot extends FoundSnapshot {
  /** The world as it is kept. */
  readonly content: Uint8Array;
  /** Of its text. */
  readonly size: number;
}

export type SnapshotView = ReturnType<typeof viewOf>;

export interface Restored extends SnapshotView {
  /** What the clock shows. */
  readonly now: string;
}

export function createSnapshots(units: UnitsOfWork): Snapshots {
  const { db } = units.store;
  const cache = createWorldCache(cacheSize);

  async function worldOf({ snapshot_id }: SnapshotRow): Promise<World> {
    const known = cache.get(snapshot_id);
    if (known !== undefined) return known;
    const content = await selectContent(db, snapshot_id);
    if (content === undefined) throw fault('071-404-snapshot');
    const { world, size } = await unpackWorld(content);
    cache.put(snapshot_id, world, size);
    return world;
  }

  return {
    take: async (provider_id, name) => {
      const world = await units.run(provider_id, takeWorld, { lock: 'exclusive' });
      const { content, size } = await packWorld(world);
      if (size > maxSize) throw fault('071-422-snapshot-limit');
      const row: SnapshotRow = {
        snapshot_id: newId('snapshot'),
        provider_id,
        name: name ?? null,
        schema_version: schemaVersion,
        clock: world.clock,
        row_count: rowCount(world),
        bytes: content.length,
        created_at_real: realNow(),
      };
      return { row, world, content, size };
    },

    keep: async (uow, { row, world, content, size }) => {
      const { provider_id, name, bytes } = row;
      if (name !== null) await deleteSnapshotRow(uow.db, provider_id, { name });
      const kept = await sumSnapshots(uow.db, provider_id);
      if (kept.count >= maxSnapshots || kept.bytes + bytes > maxBytes) throw fault('071-422-snapshot-limit');
      await insertSnapshot(uow.db, { ...row, content });
      cache.put(row.snapshot_id, world, size);
      return viewOf(row);
    },

    list: async (provider_id, window) => {
      const { total, rows } = await listSnapshotRows(db, provider_id, window);
      return { total, content: rows.map(viewOf) };
    },

    remove: async (provider_id, snapshot_id) => {
      if ((await deleteSnapshotRow(db, provider_id, { snapshot_id })) === 0) throw fault('071-404-snapshot');
      cache.delete(snapshot_id);
    },

    find: async (provider_id, which) => {
      const row = await selectSnapshot(db, provider_id, which);
      if (row === undefined) throw fault('071-404-snapshot');
      if (row.schema_version !== schemaVersion) throw fault('071-409-snapshot-outdated');
      return { row, world: await worldOf(row) };
    },

    restore: async (uow, { row, world }) => {
      try {
        const offset = await restoreWorld(uow, world);
        return { ...viewOf(row), now: isoTimestamp(providerNow(offset)) };
      } catch (error) {
        if (failureKind(error) === 'unique') throw fault('071-409-ids-taken', { cause: error });
        throw error;
      }
    },
  };
}

function viewOf({ snapshot_id, name, clock, row_count, bytes, created_at_real }: SnapshotRow) {
  return {
    snapshot_id,
    name,
    clock: isoTimestamp(clock),
    rows: row_count,
    bytes,
    created_at: isoTimestamp(created_at_real),
  };
}
