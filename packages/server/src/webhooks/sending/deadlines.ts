import { createChain } from '../../platform/chain.ts';
import { after, monotonicNow } from '../../platform/time.ts';

/**
 * One timer for all that wait equally long: a timer and an abort signal for each delivery cost as much as signing it.
 */
export interface Deadlines {
  /** Calls `expire` when the time is over, unless the function it answers is called before. */
  begin(expire: () => void): () => void;
}

interface Pending {
  readonly endsAt: number;
  readonly expire: () => void;
}

export function createDeadlines(milliseconds: number): Deadlines {
  // In the order in which they end.
  const pending = createChain<Pending>();
  let armed = false;

  function arm(): void {
    const next = pending.first();
    armed = next !== undefined;
    if (next !== undefined) after(Math.max(next.item.endsAt - monotonicNow(), 1), fire);
  }

  function fire(): void {
    const now = monotonicNow();
    for (let next = pending.first(); next !== undefined; next = pending.first()) {
      if (next.item.endsAt > now) break;
      pending.remove(next);
      next.item.expire();
    }
    arm();
  }

  return {
    begin: (expire) => {
      const link = pending.add({ endsAt: monotonicNow() + milliseconds, expire });
      if (!armed) arm();
      return () => pending.remove(link);
    },
  };
}
