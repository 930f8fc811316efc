import type { World } from '../world/world.ts';

/** Worlds that were taken or restored last, so that the next restore inflates and parses nothing. */
export interface WorldCache {
  get(snapshot_id: string): World | undefined;
  /** `size`: bytes of its text, for which it stands here. */
  put(snapshot_id: string, world: World, size: number): void;
  delete(snapshot_id: string): void;
}

export function createWorldCache(maxSize: number): WorldCache {
  // A Map keeps the order of insertion: the first is the one that was not used for longest.
  const kept = new Map<string, { readonly world: World; readonly size: number }>();
  let total = 0;

  function forget(snapshot_id: string): void {
    total -= kept.get(snapshot_id)?.size ?? 0;
    kept.delete(snapshot_id);
  }

  return {
    get: (snapshot_id) => {
      const found = kept.get(snapshot_id);
      if (found === undefined) return undefined;
      kept.delete(snapshot_id);
      kept.set(snapshot_id, found);
      return found.world;
    },
    put: (snapshot_id, world, size) => {
      forget(snapshot_id);
      if (size > maxSize) return;
      kept.set(snapshot_id, { world, size });
      total += size;
      for (const [oldest] of kept) {
        if (total <= maxSize) break;
        forget(oldest);
      }
    },
    delete: forget,
  };
}
