import type { Log } from '../../platform/log.ts';
import { after, minute, monotonicNow, second } from '../../platform/time.ts';
import type { Store } from '../../store/store.ts';
import { endings, histories } from './kinds.ts';
import { endingPruner, historyPruner, type Pruner, type Retention } from './prune.ts';
import { selectTenants } from './store.ts';

export interface RetentionRunner {
  /** From now on, in the background. */
  start(): void;
  /** Once, until nothing is too much. */
  run(): Promise<void>;
  /** What runs ends with the batch that it is at. */
  stop(): Promise<void>;
}

interface RetentionOptions {
  readonly store: Store;
  readonly log: Log;
  readonly retention: Retention;
  /** Told of the rows that were removed of each table, without what went with them. */
  readonly onRemoved?: (table: string, rows: number) => void;
}

const everybody = minute;
const busyOnes = 5 * second;

/**
 * Removes what is too old or too much, a little at a time. Every provider is visited once a minute; those where
 * something was removed, again after seconds, for they are the ones that go on growing.
 */
export function createRetention(options: RetentionOptions): RetentionRunner {
  const { store, log, retention, onRemoved = () => {} } = options;
  let stopping = false;
  let running: Promise<boolean> | undefined;
  let cancel = () => {};
  let everybodyFrom = 0;
  let busy = new Set<string>();
  const parts = { store, onRemoved, isStopping: () => stopping };
  const ofTenants: readonly Pruner[] = histories.map((kind) => historyPruner(parts, kind, retention));
  const ofAll = endings.map((kind) => endingPruner(parts, kind));

  /** Answers whether something is left to be removed. */
  async function round(): Promise<boolean> {
    const isForEverybody = monotonicNow() >= everybodyFrom;
    if (isForEverybody) everybodyFrom = monotonicNow() + everybody;
    else if (busy.size === 0) return false;
    const tenants = (await selectTenants(store.db)).filter(
      ({ provider_id }) => isForEverybody || busy.has(provider_id),
    );
    const stillBusy = new Set<string>();
    let unfinished = false;
    for (const tenant of tenants) {
      for (const pruner of ofTenants) {
        if (stopping) return false;
        const pruned = await pruner.prune(tenant);
        if (pruned.rows > 0) stillBusy.add(tenant.provider_id);
        unfinished ||= pruned.unfinished;
      }
    }
    busy = stillBusy;
    for (const pruner of isForEverybody ? ofAll : []) {
      if (!stopping) unfinished = (await pruner.prune()).unfinished || unfinished;
    }
    return unfinished;
  }

  function plan(milliseconds: number): void {
    if (stopping) return;
    cancel = after(milliseconds, () => {
      running = round().catch((error: unknown) => {
        log.warn({ err: error }, 'nothing more removed for now');
        return false;
      });
      void running.then((unfinished) => {
        running = undefined;
        // Whose visit was cut short is busy by any measure.
        plan(unfinished ? 0 : busyOnes);
      });
    });
  }

  return {
    start: () => plan(busyOnes),
    run: async () => {
      let unfinished = true;
      while (unfinished && !stopping) {
        everybodyFrom = 0;
        unfinished = await round();
      }
    },
    stop: async () => {
      stopping = true;
      cancel();
      await running;
    },
  };
}
