import type { Log } from '../platform/log.ts';
import { after, minute, realNow, second } from '../platform/time.ts';
import { claimDue, leaseMilliseconds } from './claim.ts';
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
  /** Says that something of `lane` falls due at this real time. */
  wake(dueAtReal: number, lane?: string): void;
  /** Takes no new work and waits for what is running. */
  stop(): Promise<void>;
}

const maxRunning = 128;
/** A claimed row that waited is not begun any more when its lease is about to end. */
export const leaseMargin = 15 * second;
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

interface Lane {
  running: number;
  /** Claimed with the others and waiting for one of the lane's connections, oldest first. */
  readonly waiting: Claimed[];
}

interface Claimed {
  readonly work: DueWork;
  readonly leasedUntil: number;
}

export function createWorker(units: UnitsOfWork, handlers: DueHandlers, log: Log): Worker {
  const running = new Map<string, Promise<void>>();
  const lanes = new Map<string, Lane>();
  let stopped = true;
  let claiming: Promise<void> | undefined;
  let claimAgain = false;
  let timerAt = Number.POSITIVE_INFINITY;
  let cancelTimer = () => {};

  function wake(dueAtReal: number, name?: string): void {
    if (stopped || dueAtReal >= timerAt) return;
    const lane = name === undefined ? undefined : lanes.get(name);
    // A lane that has no room is looked at when it has some.
    if (lane !== undefined && isBusy(lane) && dueAtReal <= realNow()) return;
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
    const busyLanes = [...lanes].filter(([, lane]) => isBusy(lane)).map(([name]) => name);
    const leasedUntil = realNow() + leaseMilliseconds;
    const rows = await claimDue(units.store, { limit, busyLanes });
    for (const work of rows) admit({ work, leasedUntil });
    if (rows.length === limit) {
      claimAgain = true;
      return;
    }
    const [next] = await nextDueAfter(units.store.db, { now: realNow() });
    wake(Math.min(next?.due_at_real ?? Number.POSITIVE_INFINITY, realNow() + pollInterval));
  }

  function admit(claimed: Claimed): void {
    const { lane: name } = claimed.work;
    if (name === null) {
      begin(claimed.work);
      return;
    }
    const lane = lanes.get(name) ?? { running: 0, waiting: [] };
    lanes.set(name, lane);
    if (lane.running < maxPerLane) beginInLane(name, lane, claimed.work);
    else lane.waiting.push(claimed);
  }

  async function giveBack(claimed: readonly Claimed[]): Promise<void> {
    for (const { work } of claimed) {
      await postponeDueWork(units.store.db, { work_id: work.work_id, lease_until_real: 0 });
    }
  }

  function beginInLane(name: string, lane: Lane, work: DueWork): void {
    lane.running += 1;
    begin(work, () => leave(name, lane));
  }

  function begin(work: DueWork, ended = () => {}): void {
    const done = runDue(units, handlers, log, work).then(() => {
      running.delete(work.work_id);
      ended();
      if (running.size >= maxRunning - 1) look();
    });
    running.set(work.work_id, done);
  }

  function leave(name: string, lane: Lane): void {
    const wasBusy = isBusy(lane);
    lane.running -= 1;
    if (stopped) return;
    const next = nextOf(lane);
    if (next !== undefined) beginInLane(name, lane, next);
    else if (lane.running === 0) lanes.delete(name);
    // What was passed over because the lane had no room can be taken now.
    if (wasBusy && !isBusy(lane)) look();
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
      for (const { waiting } of lanes.values()) await giveBack(waiting.splice(0));
      await Promise.all(running.values());
    },
  };
}

/** Nothing more of it is claimed. */
function isBusy(lane: Lane): boolean {
  return lane.running >= maxPerLane || lane.waiting.length > 0;
}

/** A row whose lease is nearly over is forgotten: whoever claims it next has it alone. */
function nextOf({ waiting }: Lane): DueWork | undefined {
  const now = realNow();
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (next.leasedUntil - now > leaseMargin) return next.work;
  }
  return undefined;
}
