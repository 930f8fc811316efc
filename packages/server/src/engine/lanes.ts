import { afterArrivals, monotonicNow, realNow, second } from '../platform/time.ts';
import { connectionsInAll } from './connections.ts';
import type { DueWork } from './due-work.ts';

/** A lane with so many that have not begun has enough. */
const enough = 8;
/** A claimed row that waited is not begun any more when its lease is about to end. */
export const leaseMargin = 15 * second;

/** At most so much of a lane is handed on at once. */
export const maxAhead = 512;
/**
 * As much of a lane is handed on as lately ended in this time, ms, so that its connections do not wait while this
 * thread is busy; and so that what is handed on soon has its connection.
 */
const ahead = 30;

/** It had its turn, but found no connection free: it keeps its place and gets another turn. */
export const notBegun = 'NOT_BEGUN';
export type NotBegun = typeof notBegun;

/** Runs `perform` when it is this work's turn in its lane. Rejects with `NoTurn` when that does not come in time. */
export type Turn = <T>(perform: () => Promise<T | NotBegun>) => Promise<T>;

/** The work has not been begun and is to be given back. */
export class NoTurn extends Error {}

/** Of one claimed row, from its claim to its end. */
export interface Place {
  readonly turn: Turn;
  /** It is over, with or without a turn. */
  leave(): void;
}

/** Errands to the same receiver: so many beside each other, in the order in which they were claimed. */
export interface Lanes {
  placeOf(work: DueWork, leasedUntil: number): Place;
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
  /** Claimed, and has not asked for its turn yet. */
  coming: number;
  waiting: Waiting[];
  /** It had as much waiting as it can soon begin, and has not come below that since. */
  full: boolean;
  drains: boolean;
  /** How much of it may run at once. */
  width: number;
  /** Of its turns, since the width was last looked at. */
  ended: number;
  /** When that was, monotonic. */
  since: number;
}

interface Waiting {
  /** In which it first came. */
  readonly place: number;
  readonly key: string | null;
  readonly leasedUntil: number;
  readonly begin: () => void;
  readonly giveUp: () => void;
}

/** `onRoom` is told of a lane that was full and is not any more; `connections` is how many may run at least. */
export function createLanes(
  onRoom: (lane: string) => void,
  connections: () => number = () => connectionsInAll,
): Lanes {
  const lanes = new Map<string, Lane>();
  let closed = false;
  let nextPlace = 1;

  function laneOf(name: string): Lane {
    const known = lanes.get(name);
    if (known !== undefined) return known;
    const lane: Lane = {
      running: 0,
      keys: new Set(),
      coming: 0,
      waiting: [],
      full: false,
      drains: false,
      width: connections(),
      ended: 0,
      since: monotonicNow(),
    };
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

  /** What ends in one turn of the event loop is followed together: the sender's thread is woken once for all of it. */
  function drainSoon(name: string, lane: Lane): void {
    if (lane.drains) return;
    lane.drains = true;
    afterArrivals(() => {
      lane.drains = false;
      while (lane.running < lane.width && beginNext(lane)) {}
      if (lane.running + unbegun(lane) === 0) lanes.delete(name);
      if (!lane.full || unbegun(lane) >= enough) return;
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
    const isFree = lane.running < lane.width && !(key !== null && lane.keys.has(key));
    if (isFree && lane.waiting.length === 0) {
      take(lane, key);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const behind = lane.waiting.findLastIndex(({ place }) => place < waiter.place);
      lane.waiting.splice(behind + 1, 0, {
        ...waiter,
        begin: resolve,
        giveUp: () => reject(new NoTurn()),
      });
      lane.full ||= unbegun(lane) >= enough;
      if (isFree) drainSoon(name, lane);
    });
  }

  async function takeTurns<T>(
    name: string,
    waiter: Omit<Waiting, 'begin' | 'giveUp'>,
    work: () => Promise<T | NotBegun>,
  ): Promise<T> {
    for (;;) {
      if (closed) throw new NoTurn();
      const lane = laneOf(name);
      const entered = enter(name, lane, waiter);
      if (entered !== undefined) await entered;
      try {
        const result = await work();
        if (result !== notBegun) {
          countEnd(lane, connections());
          return result;
        }
        setWidth(lane, connections());
      } finally {
        leave(name, lane, waiter.key);
      }
    }
  }

  return {
    placeOf: ({ lane: name, sequence_key: key }, leasedUntil) => {
      if (name === null) return nowhere;
      const lane = laneOf(name);
      lane.coming += 1;
      lane.full ||= unbegun(lane) >= enough;
      let isComing = true;
      const come = () => {
        if (!isComing) return;
        isComing = false;
        lane.coming -= 1;
        drainSoon(name, lane);
      };
      return {
        turn: (work) => {
          come();
          return takeTurns(name, { place: nextPlace++, key, leasedUntil }, work);
        },
        leave: come,
      };
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

/** How much of it is claimed and has not begun. */
function unbegun({ coming, waiting }: Lane): number {
  return coming + waiting.length;
}

function countEnd(lane: Lane, least: number): void {
  lane.ended += 1;
  const passed = monotonicNow() - lane.since;
  if (passed >= ahead) setWidth(lane, Math.max(Math.ceil((lane.ended * ahead) / passed), least));
}

function setWidth(lane: Lane, width: number): void {
  lane.width = Math.min(width, maxAhead);
  lane.ended = 0;
  lane.since = monotonicNow();
}

const nowhere: Place = { turn: untilBegun, leave: () => {} };

/** For whoever has no lane to wait in. */
export async function untilBegun<T>(perform: () => Promise<T | NotBegun>): Promise<T> {
  for (;;) {
    const result = await perform();
    if (result !== notBegun) return result;
  }
}
