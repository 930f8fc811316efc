import { hour } from '../../platform/time.ts';
import type { Store } from '../../store/store.ts';
import type { Batch } from './batch.ts';
import { type BatchSize, deleteBatches, insertBatches, selectBatches, selectSizes } from './store.ts';
import type { Thread } from './thread.ts';

/** What the log of one provider may hold. */
export interface Kept {
  readonly rows: number;
  readonly bytes: number;
}

export interface Pruning {
  wrote(batch: Batch): void;
  /** The providers whose log has grown by a tenth since they were last looked at, or this one at once. */
  prune(provider_id?: string): Promise<void>;
}

const deletedAtOnce = 10;
const merging = {
  /** Calls of a batch that is put together with others. */
  small: 20,
  /** Batches; fewer are left for later. */
  fewest: 20,
  most: 100,
  calls: 200,
  /** Nothing is kept much longer for what stands beside it. */
  span: hour,
} as const;

/**
 * The oldest calls go, in whole batches: what a batch has beyond the bounds is hidden until it goes. Calls that came
 * one by one are put together, a few at a time like all that is done here, so that nobody waits for long.
 */
export function createPruning(store: Store, kept: Kept, thread: Pick<Thread, 'run'>): Pruning {
  const { db } = store;
  const grown = new Map<string, { rows: number; bytes: number }>();
  const due = new Set<string>();

  async function pruneOne(provider_id: string): Promise<void> {
    grown.delete(provider_id);
    due.delete(provider_id);
    const sizes = await selectSizes(db, { provider_id });
    const bound = firstBeyond(sizes, kept);
    const beyond = sizes.slice(bound).reverse();
    for (let at = 0; at < beyond.length; at += deletedAtOnce) {
      await deleteBatches(db, { provider_id, ...rangeOf(beyond.slice(at, at + deletedAtOnce)) });
    }
    for (const batches of smallRuns(sizes.slice(0, bound).reverse())) await merge(provider_id, batches);
  }

  async function merge(provider_id: string, sizes: readonly BatchSize[]): Promise<void> {
    const range = { provider_id, ...rangeOf(sizes) };
    const batches = await selectBatches(db, range);
    const merged = await thread.run('mergeBatches', batches);
    const replace = store.transaction(async (tx) => {
      const deleted = await deleteBatches(tx, range);
      // Another process was here, or wrote something between them.
      if (deleted !== batches.length) throw new ChangedMeanwhile();
      await insertBatches(tx, merged);
    });
    await replace.catch((error: unknown) => {
      if (!(error instanceof ChangedMeanwhile)) throw error;
    });
  }

  return {
    wrote: ({ provider_id, calls, bytes }) => {
      const growth = grown.get(provider_id) ?? { rows: 0, bytes: 0 };
      growth.rows += calls;
      growth.bytes += bytes;
      grown.set(provider_id, growth);
      if (growth.rows * 10 >= kept.rows || growth.bytes * 10 >= kept.bytes) due.add(provider_id);
    },
    prune: async (provider_id) => {
      if (provider_id !== undefined) return pruneOne(provider_id);
      for (const each of due) await pruneOne(each);
    },
  };
}

class ChangedMeanwhile extends Error {}

/** Of sizes from the newest to the oldest: the first that nobody needs, told from one look at all of them. */
export function firstBeyond(sizes: readonly BatchSize[], kept: Kept): number {
  let rows = 0;
  let bytes = 0;
  const index = sizes.findIndex((size) => {
    const isBeyond = rows >= kept.rows || bytes + size.bytes > kept.bytes;
    rows += size.calls;
    bytes += size.bytes;
    return isBeyond;
  });
  return index === -1 ? sizes.length : index;
}

/** Of sizes from the oldest to the newest: neighbours that are worth putting together. */
export function smallRuns(sizes: readonly BatchSize[]): BatchSize[][] {
  const runs: BatchSize[][] = [];
  let run: BatchSize[] = [];
  let calls = 0;
  for (const size of sizes) {
    const began = run[0]?.last_at_real ?? size.last_at_real;
    const fits =
      size.calls < merging.small &&
      run.length < merging.most &&
      calls + size.calls <= merging.calls &&
      size.last_at_real - began <= merging.span;
    if (!fits) {
      runs.push(run);
      run = [];
      calls = 0;
    }
    if (size.calls >= merging.small) continue;
    run.push(size);
    calls += size.calls;
  }
  return [...runs, run].filter(({ length }) => length >= merging.fewest);
}

function rangeOf(oldestFirst: readonly BatchSize[]): { from: string; to: string } {
  return { from: oldestFirst[0]?.batch_id ?? '', to: oldestFirst.at(-1)?.batch_id ?? '' };
}
