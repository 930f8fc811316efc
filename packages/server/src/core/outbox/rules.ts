import { minute } from '../../platform/time.ts';

/** After each failed attempt, on the provider's clock: a mail server that is down for a while is no bounce. */
const pauses = [minute, 5 * minute, 15 * minute, 60 * minute] as const;

/** When to try again after so many failed attempts; undefined: it is given up. */
export function pauseAfter(failedAttempts: number): number | undefined {
  return pauses[failedAttempts - 1];
}
