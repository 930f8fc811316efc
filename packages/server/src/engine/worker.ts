import type { Log } from '../platform/log.ts';
import { after, realNow, second } from '../platform/time.ts';
import { claimDue, leaseMilliseconds } from './claim.ts';
import { type DueWork, nextDueAfter } from './due-work.ts';
import { createLaneClaims } from './lane-claims.ts';
import { createLanes } from './lanes.ts';
import { type ClaimedWork, type DueHandlers, isErrand, runDue } from './run-due.ts';
import type { UnitsOfWork } from './unit-of-work.ts';

export interface Worker {
  start(): void;
  /** Says that something of `lane` falls due at this real time. */
  wake(dueAtReal: number, lane?: string): void;
  /** It works, and has room for more: nobody else need be told. */
  isReady(): boolean;
  /** Takes no new work and waits for what is running. */
  stop(): Promise<void>;
}

/** Effects need the database, and more of them beside each other only wait for it. */
const maxEffects = 128;
/** Errands wait for others: a thousand receivers that never answer must not hold up the next one. */
const maxErrands = 4_096;
const batchSize = 64;
/** Of one lane, which is handed on by itself. */
const refillSize = 128;
const pollInterval = second;

/** `connections`: how many errands of one lane may run beside each other at least. */
export function createWorker(
  units: UnitsOfWork,
  handlers: DueHandlers,
  log: Log,
  connections?: () => number,
): Worker {
  const running = { effects: 0, errands: 0 };
  const refilling = new Set<Promise<void>>();
  const lanes = createLanes((lane) => {
    const done = refill(lane).finally(() => refilling.delete(done));
    refilling.add(done);
  }, connections);
  const laneClaims = createLaneClaims(units.store);
  let stopped = true;
  let claiming: Promise<void> | undefined;
  let claimAgain = false;
  let timerAt = Number.POSITIVE_INFINITY;
  let cancelTimer = () => {};

  function wake(dueAtReal: number, lane?: string): void {
    if (stopped || dueAtReal >= timerAt) return;
    // A lane that has no room is looked at when it has some.
    if (lane !== undefined && lanes.isFull(lane) && dueAtReal <= realNow()) return;
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

  const room = () => Math.min(maxEffects - running.effects, maxErrands - running.errands);
  const isIdle = () => running.effects + running.errands === 0;
  let onLastEnd = () => {};

  async function claim(): Promise<void> {
    const limit = Math.min(batchSize, room());
    if (limit <= 0) return;
    const leasedUntil = realNow() + leaseMilliseconds;
    const rows = await claimDue(units.store, limit, lanes.full());
    for (const work of rows) begin({ work, leasedUntil });
    if (rows.length === limit) {
      claimAgain = true;
      return;
    }
    const [next] = await nextDueAfter(units.store.db, { now: realNow() });
    wake(Math.min(next?.due_at_real ?? Number.POSITIVE_INFINITY, realNow() + pollInterval));
  }

  /** What a busy lane had waiting was passed over; now it has room. */
  async function refill(lane: string): Promise<void> {
    const limit = Math.min(refillSize, room());
    if (stopped || limit <= 0) return;
    const leasedUntil = realNow() + leaseMilliseconds;
    const rows = await laneClaims.claim(lane, limit).catch((error: unknown): DueWork[] => {
      log.error({ err: error }, 'claiming due work failed');
      return [];
    });
    for (const work of rows) begin({ work, leasedUntil });
    // A lane that has room for all of it is not full, and says nothing when it has room for more.
    if (rows.length === limit && !lanes.isFull(lane)) await refill(lane);
  }

  function begin(claimed: ClaimedWork): void {
    const { work, leasedUntil } = claimed;
    const sort = isErrand(handlers, work) ? 'errands' : 'effects';
    running[sort] += 1;
    const place = lanes.placeOf(work, leasedUntil);
    void runDue(units, handlers, log, claimed, place.turn).then(() => {
      place.leave();
      const hadRoom = room() > 0;
      running[sort] -= 1;
      if (!hadRoom) look();
      if (isIdle()) onLastEnd();
    });
  }

  return {
    start: () => {
      stopped = false;
      look();
    },
    wake,
    isReady: () => !stopped && room() > 0,
    stop: async () => {
      stopped = true;
      cancelTimer();
      // What they claim is begun, gets no turn any more, and is given back before the database is closed.
      await Promise.all([claiming, ...refilling]);
      lanes.close();
      if (!isIdle()) {
        await new Promise<void>((resolve) => {
          onLastEnd = resolve;
        });
      }
    },
  };
}
