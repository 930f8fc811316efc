import type { Log } from '../platform/log.ts';
import { after, minute, realNow, second } from '../platform/time.ts';
import { claimDue } from './claim.ts';
import { type DueWork, finishDueWork, nextDueAfter, postponeDueWork } from './due-work.ts';
import type { UnitOfWork, UnitsOfWork } from './unit-of-work.ts';

/**
 * What a kind of due work does. `effect` runs in one transaction with the removal of its row: it happens once.
 * `errand` leaves the process (a delivery); it removes or moves its row itself and may happen more than once.
 */
export type DueHandler =
  | { readonly effect: (uow: UnitOfWork, work: DueWork) => Promise<void> }
  | { readonly errand: (work: DueWork) => Promise<void> };

export type DueHandlers = Readonly<Record<string, DueHandler>>;

export interface Worker {
  start(): void;
  /** Says that something falls due at this real time. */
  wake(dueAtReal: number): void;
  /** Takes no new work and waits for what is running. */
  stop(): Promise<void>;
}

const maxRunning = 128;
const batchSize = 64;
/** Connections that one receiver may have (contract section 13). */
export const maxPerLane = 8;
const pollInterval = second;

/** Runs one claimed row. A failure of ours gives it back with a growing pause; nothing is lost. */
export async function runDue(
  units: UnitsOfWork,
  handlers: DueHandlers,
  log: Log,
  work: DueWork,
): Promise<boolean> {
  const handler = handlers[work.kind];
  try {
    if (handler === undefined) throw new Error(`No handler for due work of kind ${work.kind}`);
    if ('errand' in handler) {
      await handler.errand(work);
      return true;
    }
    return await units.run(
      work.provider_id,
      async (uow) => {
        if ((await finishDueWork(uow.db, { work_id: work.work_id })) === 0) return false;
        await handler.effect(uow, work);
        return true;
      },
      { notBefore: work.due_at },
    );
  } catch (error) {
    log.error(
      { err: error, kind: work.kind, subject_id: work.subject_id, attempts: work.attempts },
      'due work failed',
    );
    const pause = Math.min(second * 2 ** Math.min(work.attempts, 10), 5 * minute);
    await postponeDueWork(units.store.db, {
      work_id: work.work_id,
      lease_until_real: realNow() + pause,
    }).catch(
      // The lease ends by itself.
      () => undefined,
    );
    return false;
  }
}

export function createWorker(units: UnitsOfWork, handlers: DueHandlers, log: Log): Worker {
  const running = new Map<string, Promise<void>>();
  const lanes = new Map<string, number>();
  let stopped = true;
  let claiming: Promise<void> | undefined;
  let claimAgain = false;
  let timerAt = Number.POSITIVE_INFINITY;
  let cancelTimer = () => {};

  function wake(dueAtReal: number): void {
    if (stopped || dueAtReal >= timerAt) return;
    cancelTimer();
    timerAt = dueAtReal;
    cancelTimer = after(dueAtReal - realNow(), () => {
      timerAt = Number.POSITIVE_INFINITY;
      look();
    });
  }

  function look(): void {
    if (stopped) return;
    if (claiming !== undefined) {
      claimAgain = true;
      return;
    }
    claimAgain = false;
    claiming = claim()
      .catch((error: unknown) => {
        log.error({ err: error }, 'claiming due work failed');
        wake(realNow() + pollInterval);
      })
      .finally(() => {
        claiming = undefined;
        if (claimAgain) look();
      });
  }

  async function claim(): Promise<void> {
    const limit = Math.min(batchSize, maxRunning - running.size);
    if (limit <= 0) return;
    const busyLanes = [...lanes].filter(([, count]) => count >= maxPerLane).map(([lane]) => lane);
    const rows = await claimDue(units.store, { limit, busyLanes });
    for (const work of rows) await begin(work);
    if (rows.length === limit) {
      claimAgain = true;
      return;
    }
    const [next] = await nextDueAfter(units.store.db, { now: realNow() });
    wake(Math.min(next?.due_at_real ?? Number.POSITIVE_INFINITY, realNow() + pollInterval));
  }

  async function begin(work: DueWork): Promise<void> {
    if (work.lane !== null) {
      const count = lanes.get(work.lane) ?? 0;
      if (count >= maxPerLane) {
        // One batch may hold more of a lane than it may run: the rest goes back at once.
        await postponeDueWork(units.store.db, { work_id: work.work_id, lease_until_real: 0 });
        return;
      }
      lanes.set(work.lane, count + 1);
    }
    const done = runDue(units, handlers, log, work).then(() => end(work));
    running.set(work.work_id, done);
  }

  function end(work: DueWork): void {
    running.delete(work.work_id);
    if (work.lane !== null) {
      const count = (lanes.get(work.lane) ?? 1) - 1;
      if (count === 0) lanes.delete(work.lane);
      else lanes.set(work.lane, count);
    }
    // What was passed over for want of room can be taken now.
    if (running.size >= maxRunning - 1 || (work.lane !== null && lanes.get(work.lane) === maxPerLane - 1))
      look();
  }

  return {
    start: () => {
      stopped = false;
      look();
    },
    wake,
    stop: async () => {
      stopped = true;
      cancelTimer();
      await claiming;
      await Promise.all(running.values());
    },
  };
}
