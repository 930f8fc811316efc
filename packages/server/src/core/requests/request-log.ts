import type { Live, LiveItem } from '../../engine/live.ts';
import type { Log } from '../../platform/log.ts';
import { after, afterArrivals } from '../../platform/time.ts';
import { failureKind } from '../../store/failures.ts';
import type { Store } from '../../store/store.ts';
import { type EndedCall, summaryOf } from './call.ts';
import { createPruning, type Kept } from './prune.ts';
import { createQueue, type Waiting } from './queue.ts';
import { listRequests, readRequest, requestResource } from './requests.ts';
import { insertBatches } from './store.ts';
import { createThread } from './thread.ts';

/**
 * Keeps the calls of each provider, beside the calls: this thread only hands references on and stores what comes back,
 * a row for many calls. An overload costs entries of the log and no answers.
 */
export interface RequestLog {
  record(call: EndedCall): void;
  /** Of a call that is over, but whose it is, if anybody's, is still being looked up. */
  recordLater(call: Promise<EndedCall | undefined>): void;
  /** Resolves when what was recorded before is written, as far as that can be, and this provider's log has its size. */
  settle(provider_id: string): Promise<void>;
  list: Reading<typeof listRequests>;
  read: Reading<typeof readRequest>;
  /** Writes what is left. */
  stop(): Promise<void>;
}

type Reading<F> = F extends (log: never, provider_id: string, ...rest: infer R) => infer O
  ? (provider_id: string, ...rest: R) => O
  : never;

export interface LogBounds {
  /** What the log of one provider holds. */
  readonly kept?: Kept;
  /** What may wait to be written. */
  readonly waiting?: Waiting;
}

interface RequestLogOptions extends LogBounds {
  readonly store: Store;
  readonly log: Log;
  readonly live: Live;
  /** Told how many calls were lost, and why. */
  readonly onLost: (reason: 'overflow' | 'failure', calls: number) => void;
}

const standardKept: Kept = { rows: 10_000, bytes: 20_000_000 };
const standardWaiting: Waiting = { calls: 5_000, bytes: 32_000_000 };
const pause = 250;
/**
 * So many do not wait for the pause. To wake the other thread up costs more than to hand a hundred calls over, and to
 * copy very many stops this one for milliseconds.
 */
const atOnce: Waiting = { calls: 500, bytes: 2_000_000 };

export function createRequestLog({ store, log, live, onLost, ...bounds }: RequestLogOptions): RequestLog {
  const kept = bounds.kept ?? standardKept;
  const queue = createQueue(bounds.waiting ?? standardWaiting, () => onLost('overflow', 1));
  const thread = createThread();
  const pruning = createPruning(store, kept, thread);
  const reading = { db: store.db, thread, kept: kept.rows };
  let cancelPause: (() => void) | undefined;
  let writing: Promise<void> | undefined;
  let isPlanned = false;
  let isReachable = true;
  const awaited = new Set<Promise<void>>();

  function record(call: EndedCall): void {
    if (live.isWatched(call.provider_id)) live.publish(call.provider_id, liveCall(call));
    queue.add(call);
    planToWrite();
  }

  function recordLater(call: Promise<EndedCall | undefined>): void {
    const recorded: Promise<void> = call
      .then(
        (found) => found && record(found),
        () => onLost('failure', 1),
      )
      .finally(() => awaited.delete(recorded));
    awaited.add(recorded);
  }

  function planToWrite(): void {
    if (writing !== undefined || isPlanned) return;
    if (queue.length() < atOnce.calls || !isReachable) {
      cancelPause ??= after(pause, () => void write());
      return;
    }
    isPlanned = true;
    afterArrivals(() => void write());
  }

  /** Everything that waits at this moment. */
  function write(): Promise<void> {
    cancelPause?.();
    cancelPause = undefined;
    isPlanned = false;
    writing ??= writeWaiting().finally(() => {
      writing = undefined;
      if (queue.length() > 0) planToWrite();
    });
    return writing;
  }

  async function writeWaiting(): Promise<void> {
    let left = queue.length();
    while (left > 0) {
      const calls = queue.take({ ...atOnce, calls: Math.min(atOnce.calls, left) });
      left -= calls.length;
      if (calls.length === 0) break;
      isReachable = await writeBatch(calls);
      if (!isReachable) {
        queue.putBack(calls);
        break;
      }
    }
    await prune();
  }

  function prune(provider_id?: string): Promise<void> {
    return pruning
      .prune(provider_id)
      .catch((error: unknown) => log.warn({ err: error }, 'request log not pruned'));
  }

  /** False: the database cannot be reached, later perhaps. */
  async function writeBatch(calls: readonly EndedCall[]): Promise<boolean> {
    try {
      const { batches, lost } = await thread.run('packCalls', calls);
      await store.transaction((tx) => insertBatches(tx, batches));
      for (const batch of batches) pruning.wrote(batch);
      if (lost > 0) onLost('failure', lost);
    } catch (error) {
      if (failureKind(error) === 'unavailable') return false;
      log.warn({ err: error, calls: calls.length }, 'calls not logged');
      onLost('failure', calls.length);
    }
    return true;
  }

  return {
    record,
    recordLater,
    settle: async (provider_id) => {
      await Promise.all(awaited);
      // What is being written now may have begun before the last call ended.
      await writing;
      await write();
      await prune(provider_id);
    },
    list: (provider_id, ...rest) => listRequests(reading, provider_id, ...rest),
    read: (provider_id, ...rest) => readRequest(reading, provider_id, ...rest),
    stop: async () => {
      await Promise.all(awaited);
      await writing;
      await write();
      cancelPause?.();
      await thread.stop();
      const lost = queue.length();
      if (lost > 0) onLost('failure', lost);
    },
  };
}

function liveCall(call: EndedCall): LiveItem {
  return { id: call.log_id, type: 'request', data: JSON.stringify(requestResource(summaryOf(call))) };
}
