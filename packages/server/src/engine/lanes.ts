import { afterArrivals, realNow, second } from '../platform/time.ts';
import type { DueWork } from './due-work.ts';

/** Connections that one receiver may have (contract section 13). */
export const maxPerLane = 8;
/** A claimed row that waited is not begun any more when its lease is about to end. */
export const leaseMargin = 15 * second;

/** Runs `perform` when it is this work's turn in its lane. Rejects with `NoTurn` when that does not come in time. */
export type Turn = <T>(perform: () => Promise<T>) => Promise<T>;

/** The work has not been begun and is to be given back. */
export class NoTurn extends Error {}

/** Errands to the same receiver: so many beside each other, in the order in which they were claimed. */
export interface Lanes {
  turnOf(work: DueWork, leasedUntil: number): Turn;
  /** It has as much waiting as it can soon begin: nothing more of it is claimed. */
  isFull(lane: string): boolean;
  full(): readonly string[];
  /** Whoever waits gets no turn, and nobody will. */
  close(): void;
}

interface Lane {
  running: number;
  /** Of what is running: what follows under the same key waits for it. */
  readonly keys: Set<string>;
  waiting: Waiting[];
  /** It had as much waiting as it can soon begin, and has not come below that since. */
  full: boolean;
  drains: boolean;
}

interface Waiting {
  readonly key: string | null;
  readonly leasedUntil: number;
  readonly begin: () => void;
  readonly giveUp: () => void;
}

/** `onRoom` is told of a lane that was full and is not any more. */
export function createLanes(onRoom: (lane: string) => void): Lanes {
  const lanes = new Map<string, Lane>();
  let closed = false;

  function laneOf(name: string): Lane {
    const known = lanes.get(name);
    if (known !== undefined) return known;
    const lane: Lane = { running: 0, keys: new Set(), waiting: [], full: false, drains: false };
    lanes.set(name, lane);
    return lane;
  }

  function take(lane: Lane, key: string | null): void {
    lane.running += 1;
    if (key !== null) lane.keys.add(key);
  }

  function leave(name: string, lane: Lane, key: string | null): void {
    lane.running -= 1;
    if (key !== null) lane.keys.delete(key);
    drainSoon(name, lane);
  }

  /**
   * What ends in one turn of the event loop is followed together: the second of two writes that come one right after
   * the other costs a tenth of the first, which has to wake the receiver.
   */
  function drainSoon(name: string, lane: Lane): void {
    if (lane.drains) return;
    lane.drains = true;
    afterArrivals(() => {
      lane.drains = false;
      while (lane.running < maxPerLane && beginNext(lane)) {}
      if (lane.running === 0 && lane.waiting.length === 0) lanes.delete(name);
      if (!lane.full || lane.waiting.length >= maxPerLane) return;
      lane.full = false;
      onRoom(name);
    });
  }

  /** False when nobody waits who may begin. */
  function beginNext(lane: Lane): boolean {
    const now = realNow();
    for (const [index, { key, leasedUntil, begin, giveUp }] of lane.waiting.entries()) {
      // Best-effort order: two events of one resource are never on their way at once.
      if (key !== null && lane.keys.has(key)) continue;
      lane.waiting.splice(index, 1);
      // Whoever claims it next has it alone.
      if (leasedUntil - now <= leaseMargin) giveUp();
      else {
        take(lane, key);
        begin();
      }
      return true;
    }
    return false;
  }

  function enter(
    name: string,
    lane: Lane,
    waiter: Omit<Waiting, 'begin' | 'giveUp'>,
  ): Promise<void> | undefined {
    const { key } = waiter;
    const isFree = lane.running < maxPerLane && !(key !== null && lane.keys.has(key));
    if (isFree && lane.waiting.length === 0) {
      take(lane, key);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      lane.waiting.push({ ...waiter, begin: resolve, giveUp: () => reject(new NoTurn()) });
      lane.full ||= lane.waiting.length >= maxPerLane;
      if (isFree) drainSoon(name, lane);
    });
  }

  return {
    turnOf:
      ({ lane: name, sequence_key: key }, leasedUntil) =>
      async (perform) => {
        if (closed) throw new NoTurn();
        if (name === null) return perform();
        const lane = laneOf(name);
        await enter(name, lane, { key, leasedUntil });
        try {
          return await perform();
        } finally {
          leave(name, lane, key);
        }
      },
    isFull: (name) => lanes.get(name)?.full === true,
    full: () => [...lanes].filter(([, { full }]) => full).map(([name]) => name),
    close: () => {
      closed = true;
      for (const lane of lanes.values()) {
        const waiting = lane.waiting;
        lane.waiting = [];
        for (const { giveUp } of waiting) giveUp();
      }
    },
  };
}
