import { after, monotonicNow } from '../platform/time.ts';

/**
 * One timer for all that wait equally long: a timer and an abort signal for each delivery cost as much as signing it.
 */
export interface Deadlines {
  /** Calls `expire` when the time is over, unless the function it answers is called before. */
  begin(expire: () => void): () => void;
}

export function createDeadlines(milliseconds: number): Deadlines {
  // In the order in which they end.
  const pending = new Map<symbol, { readonly endsAt: number; readonly expire: () => void }>();
  let armed = false;

  function arm(): void {
    const [next] = pending.values();
    armed = next !== undefined;
    if (next !== undefined) after(Math.max(next.endsAt - monotonicNow(), 1), fire);
  }

  function fire(): void {
    const now = monotonicNow();
    for (const [key, { endsAt, expire }] of pending) {
      if (endsAt > now) break;
      pending.delete(key);
      expire();
    }
    arm();
  }

  return {
    begin: (expire) => {
      const key = Symbol();
      pending.set(key, { endsAt: monotonicNow() + milliseconds, expire });
      if (!armed) arm();
      return () => void pending.delete(key);
    },
  };
}
