import type { Latency } from '@osigu-sandbox/contract';
import { sha256 } from '../../platform/hashing.ts';
import { second } from '../../platform/time.ts';

/** The longest that the answer of a synchronous sponsor is held back. */
export const longestAnswer = 5;

/** Whether it has to be known how many were drawn before. */
export function isDrawn(latency: Latency): boolean {
  return latency.distribution !== 'fixed';
}

/** Milliseconds, whole ones: the same for the same seed and ordinal, in every process and every run. */
export function delayOf(latency: Latency, ordinal: number): number {
  return Math.round(secondsOf(latency, ordinal) * second);
}

function secondsOf(latency: Latency, ordinal: number): number {
  if (latency.distribution === 'fixed') return latency.seconds;
  const { min_seconds = 0, max_seconds, seed = 0 } = latency;
  return Math.min(Math.max(draw(latency, fractions(seed, ordinal)), min_seconds), max_seconds);
}

function draw(
  latency: Exclude<Latency, { distribution: 'fixed' }>,
  [first, other]: readonly [number, number],
): number {
  switch (latency.distribution) {
    case 'uniform':
      return latency.min_seconds + first * (latency.max_seconds - latency.min_seconds);
    case 'normal': {
      // Box and Muller.
      const standard = Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * other);
      return latency.mean_seconds + latency.deviation_seconds * standard;
    }
    case 'exponential':
      return -latency.mean_seconds * Math.log(1 - first);
  }
}

/** Two numbers in [0, 1) that look independent of each other and of those of any other ordinal. */
function fractions(seed: number, ordinal: number): readonly [number, number] {
  const hash = sha256(`${seed}:${ordinal}`);
  const at = (from: number) => Number.parseInt(hash.slice(from, from + 12), 16) / 2 ** 48;
  return [at(0), at(12)];
}
