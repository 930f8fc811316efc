import type { Living } from '../store/presence.ts';

/** Connections that one receiver may have, of all processes together (contract section 13). */
export const connectionsInAll = 8;

/**
 * How many of them this process may use. Each of those that work has the same share; one that only serves has one, for
 * the deliveries that are due when it advances a clock. While processes come and go there may be more for a second or
 * two, and with more than eight processes each still has one.
 */
export function connectionsOf({ working, serving }: Living, works: boolean): number {
  if (!works) return 1;
  return Math.max(Math.floor((connectionsInAll - serving) / working), 1);
}
