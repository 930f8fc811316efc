import { providerNow } from '../../engine/clock.ts';
import { firstIdAt } from '../../platform/ids.ts';
import { afterArrivals, day, monotonicNow, realNow, sleep } from '../../platform/time.ts';
import { isLockTimeout } from '../../store/failures.ts';
import type { Executor } from '../../store/statement.ts';
import type { Store } from '../../store/store.ts';
import type { EndingKind, HistoryKind } from './kinds.ts';
import {
  endingStatements,
  type HistoryRow,
  type HistoryStatements,
  historyStatements,
  type Place,
  type Tenant,
  takeTurn,
} from './store.ts';

/** How much of its history a provider keeps. */
export interface Retention {
  readonly days: number;
  /** Of each kind. */
  readonly rows: number;
}

export interface Pruner {
  /** A part of what is too much, so that others have their turn. */
  prune(tenant: Tenant): Promise<Pruned>;
}

export interface Pruned {
  readonly rows: number;
  /** There is more, to be gone on with. */
  readonly unfinished: boolean;
}

export interface PruningParts {
  readonly store: Store;
  readonly isStopping: () => boolean;
  readonly onRemoved: (table: string, rows: number) => void;
}

/** Of one visit: what is left comes next time. */
const batchesAtOnce = 20;
/** Rows that are counted in one statement. */
const countedAtOnce = 5_000;
/** Of an index whose ids begin with letters and a ULID, these are before and after all. */
const start: Place = { at: 0, id: '' };
const endOf = ({ madeBy, byTime }: HistoryKind): Place => ({
  at: Number.MAX_SAFE_INTEGER,
  // No ULID begins with an 8.
  id: byTime === true ? '' : `${firstIdAt(madeBy[1], 0).split('_')[0]}_8`,
});

export function historyPruner(parts: PruningParts, kind: HistoryKind, retention: Retention): Pruner {
  const { store, isStopping, onRemoved } = parts;
  const statements = historyStatements(kind);
  // Where the last visit stopped in the middle: rows that are needed still must not keep it from those behind them.
  const stopped = new Map<string, Place>();

  return {
    prune: async (tenant) => {
      const { provider_id } = tenant;
      const limit = await limitOf(store.db, kind, statements, retention, tenant);
      let place = stopped.get(provider_id) ?? start;
      let rows = 0;
      stopped.delete(provider_id);
      for (let batch = 0; !isStopping(); batch += 1) {
        const now = providerNow(tenant.clock_offset);
        const moment = { provider_id, now, oldest: limit.oldest };
        const rowsHere = await statements.oldest(store.db, { ...moment, ...place });
        const excess = rowsHere.filter((row) => isTooMuch(limit, row)).sort(byPlace);
        const keys = excess.filter(({ over }) => Number(over) === 1).map(({ key }) => key);
        if (keys.length > 0) {
          const removed = await removeRows(store, statements, { ...moment, world: tenant.world }, keys);
          onRemoved(kind.table, removed);
          rows += removed;
        }
        const last = excess.at(-1);
        if (last === undefined || excess.length < statements.rowsAtOnce) break;
        place = { at: last.at, id: last.id };
        if (batch + 1 < batchesAtOnce) continue;
        stopped.set(provider_id, place);
        break;
      }
      return { rows, unfinished: stopped.has(provider_id) };
    },
  };
}

/** Too old is what was made before an id; too many is what comes before a place. */
interface Limit {
  /** Real time. */
  readonly oldest: number;
  readonly firstId: string;
  readonly firstPlace: Place | undefined;
}

async function limitOf(
  db: Executor,
  kind: HistoryKind,
  statements: HistoryStatements,
  { days, rows }: Retention,
  { provider_id, since }: Tenant,
): Promise<Limit> {
  const oldest = realNow() - days * day;
  // What a restore or an import brought is as old as that: somebody wants to look at it now.
  const isYoung = kind.outlivesWorld !== true && since > oldest;
  const firstId = isYoung ? '' : firstIdAt(kind.madeBy[1], oldest);
  if (kind.anyNumber === true) return { oldest, firstId, firstPlace: undefined };
  let place: Place | undefined = endOf(kind);
  for (let left = rows; place !== undefined && left > 0; left -= countedAtOnce) {
    const skip = Math.min(left, countedAtOnce) - 1;
    const found: Place[] = await statements.newest(db, { provider_id, at: place.at, id: place.id, skip });
    place = found[0];
    await new Promise<void>((resolve) => afterArrivals(resolve));
  }
  return { oldest, firstId, firstPlace: place };
}

function isTooMuch({ firstId, firstPlace }: Limit, { at, id }: HistoryRow): boolean {
  if (id < firstId) return true;
  return firstPlace !== undefined && byPlace({ at, id }, firstPlace) < 0;
}

function byPlace(a: Place, b: Place): number {
  return a.at - b.at || (a.id < b.id ? -1 : a.id === b.id ? 0 : 1);
}

function removeRows(
  store: Store,
  { hold, remove }: HistoryStatements,
  moment: { provider_id: string; now: number; oldest: number; world: number },
  keys: readonly string[],
): Promise<number> {
  return inTurn(store, async (tx) => {
    // Whoever is about to refer to one of them has locked it: it stays, and what is not locked is not referred to.
    const free =
      store.dialect === 'postgres'
        ? (await hold(tx, { provider_id: moment.provider_id, keys: JSON.stringify(keys) })).map(
            ({ key }) => key,
          )
        : keys;
    return remove(tx, { ...moment, keys: JSON.stringify(free) });
  });
}

export function endingPruner(
  { store, isStopping, onRemoved }: PruningParts,
  { table, end, ...kind }: EndingKind,
): { prune(): Promise<Pruned> } {
  const { find, remove } = endingStatements({ table, end, ...kind });
  return {
    prune: async () => {
      let rows = 0;
      for (let batch = 0; batch < batchesAtOnce && !isStopping(); batch += 1) {
        const before = realNow() - end[1];
        // To write nothing still costs the embedded store a transaction, and what it remembers of the table.
        if ((await find(store.db, { before })).length === 0) return { rows, unfinished: false };
        const removed = await inTurn(store, (tx) => remove(tx, { before }));
        if (removed === 0) return { rows, unfinished: false };
        onRemoved(table, removed);
        rows += removed;
      }
      return { rows, unfinished: true };
    },
  };
}

/**
 * A short transaction of its own, then a pause of several times its length, so that callers come in between. Somebody
 * else who removes, or whoever holds what is to be removed, is not waited for: 0, and the next visit sees to it.
 */
async function inTurn(store: Store, work: (tx: Executor) => Promise<number>): Promise<number> {
  const began = monotonicNow();
  try {
    return await store.transaction(async (tx) =>
      store.dialect === 'postgres' && !(await takeTurn(tx)) ? 0 : work(tx),
    );
  } catch (error) {
    if (isLockTimeout(error)) return 0;
    throw error;
  } finally {
    await sleep(Math.max(pauses * (monotonicNow() - began), shortestPause));
  }
}

const pauses = 3;
const shortestPause = 5;
