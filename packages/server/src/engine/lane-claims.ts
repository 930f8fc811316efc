import { monotonicNow, second } from '../platform/time.ts';
import type { Store } from '../store/store.ts';
import { claimLane, inOrder, type Position } from './claim.ts';
import type { DueWork } from './due-work.ts';

/**
 * Claims of busy lanes, each from where the last one ended: what this process has claimed stands in front, hundreds of
 * rows that would be passed over each time.
 */
export interface LaneClaims {
  claim(lane: string, limit: number): Promise<DueWork[]>;
}

/** What was given back, or was committed late, stands in front too, and waits no longer than this. */
const backToFrontAfter = second;

interface Reached extends Position {
  /** When it was last looked at from the front, monotonic. */
  readonly since: number;
}

export function createLaneClaims(store: Store): LaneClaims {
  const lanes = new Map<string, Reached>();

  async function claimFrom(lane: string, limit: number, reached: Reached | undefined): Promise<DueWork[]> {
    const since = reached?.since ?? monotonicNow();
    const rows = await claimLane(store, lane, limit, reached);
    const last = rows.reduce<Position | undefined>(later, undefined);
    if (last === undefined || rows.length < limit) lanes.delete(lane);
    else lanes.set(lane, { ...positionOf(last), since });
    return rows;
  }

  return {
    claim: async (lane, limit) => {
      const known = lanes.get(lane);
      const reached = known && monotonicNow() - known.since < backToFrontAfter ? known : undefined;
      const rows = await claimFrom(lane, limit, reached);
      if (reached === undefined || rows.length === limit) return rows;
      const inFront = await claimFrom(lane, limit - rows.length, undefined);
      return [...rows, ...inFront].sort(inOrder);
    },
  };
}

function later(one: Position | undefined, other: Position): Position {
  if (one === undefined) return other;
  const order = one.due_at_real - other.due_at_real || (one.work_id < other.work_id ? -1 : 1);
  return order < 0 ? other : one;
}

function positionOf({ due_at_real, work_id }: Position): Position {
  return { due_at_real, work_id };
}
