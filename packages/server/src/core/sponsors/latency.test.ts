import type { Latency } from '@osigu-sandbox/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { delayOf } from './latency.ts';

const seconds = fc.integer({ min: 0, max: 100_000 }).map((hundredths) => hundredths / 100);
const ordinal = fc.integer({ min: 0, max: 1_000_000 });
const bounds = fc
  .tuple(seconds, seconds)
  .map(([a, b]) => ({ min_seconds: Math.min(a, b), max_seconds: Math.max(a, b) }));
const seed = fc.integer({ min: 0, max: 2_147_483_647 });
const latencies: fc.Arbitrary<Latency> = fc.oneof(
  seconds.map((each) => ({ distribution: 'fixed' as const, seconds: each })),
  fc
    .tuple(bounds, seed)
    .map(([within, from]) => ({ distribution: 'uniform' as const, ...within, seed: from })),
  fc.tuple(bounds, seed, seconds, seconds).map(([within, from, mean_seconds, deviation_seconds]) => ({
    distribution: 'normal' as const,
    ...within,
    seed: from,
    mean_seconds,
    deviation_seconds,
  })),
  fc.tuple(bounds, seed, seconds).map(([within, from, mean_seconds]) => ({
    distribution: 'exponential' as const,
    ...within,
    seed: from,
    mean_seconds,
  })),
);

describe('a delay', () => {
  test('is whole milliseconds within its bounds, the same for the same seed and ordinal', () => {
    fc.assert(
      fc.property(latencies, ordinal, (latency, nth) => {
        const delay = delayOf(latency, nth);
        expect(Number.isInteger(delay)).toBe(true);
        const least = latency.distribution === 'fixed' ? latency.seconds : (latency.min_seconds ?? 0);
        expect(delay).toBeGreaterThanOrEqual(Math.round(least * 1_000));
        const most = latency.distribution === 'fixed' ? latency.seconds : latency.max_seconds;
        expect(delay).toBeLessThanOrEqual(Math.round(most * 1_000));
        expect(delayOf(structuredClone(latency), nth)).toBe(delay);
      }),
    );
  });

  const many = (latency: Latency) => Array.from({ length: 5_000 }, (_, nth) => delayOf(latency, nth + 1));
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;

  test('another seed is another run', () => {
    const uniform = { distribution: 'uniform', min_seconds: 10, max_seconds: 60 } as const;
    expect(many({ ...uniform, seed: 1 })).not.toEqual(many({ ...uniform, seed: 2 }));
  });

  test.each<[Latency, number, number]>([
    [{ distribution: 'uniform', min_seconds: 10, max_seconds: 60, seed: 7 }, 35_000, 1_000],
    [
      { distribution: 'normal', mean_seconds: 30, deviation_seconds: 5, max_seconds: 600, seed: 7 },
      30_000,
      300,
    ],
    [{ distribution: 'exponential', mean_seconds: 30, max_seconds: 10_000, seed: 7 }, 30_000, 1_500],
  ])('%j has its mean', (latency, expected, tolerance) => {
    expect(Math.abs(mean(many(latency)) - expected)).toBeLessThan(tolerance);
  });

  test('of a normal distribution about two thirds lie within one deviation', () => {
    const latency = {
      distribution: 'normal',
      mean_seconds: 30,
      deviation_seconds: 5,
      max_seconds: 600,
    } as const;
    const near = many(latency).filter((each) => Math.abs(each - 30_000) <= 5_000).length;
    expect(near / 5_000).toBeCloseTo(0.683, 1);
  });
});
