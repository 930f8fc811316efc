import fc from 'fast-check';
import { expect, test } from 'vitest';
import { draw, usesOf } from './draws.ts';

const seeds = fc.integer({ min: 0, max: 2_147_483_647 });
const positions = fc.integer({ min: 0, max: 49 });
const chances = fc.record(
  { probability: fc.double({ min: 0, max: 1, noNaN: true }), count: fc.integer({ min: 1, max: 40 }) },
  { requiredKeys: [] },
);
const first = (amount: number) => Array.from({ length: amount }, (_, index) => index + 1);

test('a draw is in [0, 1) and the same again for the same seed, rule and meeting', () => {
  fc.assert(
    fc.property(seeds, positions, fc.integer({ min: 1, max: 1_000_000 }), (seed, position, meeting) => {
      const value = draw(seed, position, meeting);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
      expect(draw(seed, position, meeting)).toBe(value);
    }),
  );
});

test('over many meetings a rule is used about as often as its probability says, whatever the seed', () => {
  const meetings = 5_000;
  fc.assert(
    fc.property(seeds, positions, fc.constantFrom(0.05, 0.3, 0.5, 0.9), (seed, position, probability) => {
      const share = usesOf({ probability }, seed, position).among(meetings) / meetings;
      // Five standard deviations.
      const tolerance = 5 * Math.sqrt((probability * (1 - probability)) / meetings);
      expect(Math.abs(share - probability)).toBeLessThan(tolerance);
    }),
    { seed: 20_260_115 },
  );
});

test('seeds, and rules of one seed, draw independently of each other', () => {
  const agreeing = (a: (meeting: number) => number, b: (meeting: number) => number) =>
    first(4_000).filter((meeting) => a(meeting) < 0.5 === b(meeting) < 0.5).length / 4_000;
  for (const other of [1, 2, 3, 7, 1_000]) {
    expect(
      agreeing(
        (n) => draw(0, 0, n),
        (n) => draw(other, 0, n),
      ),
    ).toBeCloseTo(0.5, 1);
    expect(
      agreeing(
        (n) => draw(9, 0, n),
        (n) => draw(9, other, n),
      ),
    ).toBeCloseTo(0.5, 1);
  }
});

test('in whatever order meetings are asked for, the same are uses, and never more than `count`', () => {
  fc.assert(
    fc.property(chances, seeds, positions, fc.infiniteStream(fc.nat()), (rule, seed, position, order) => {
      const inOrder = usesOf(rule, seed, position);
      const expected = first(100).map((meeting) => inOrder.isUse(meeting));
      const shuffled = first(100)
        .map((meeting) => ({ meeting, key: order.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key);
      const uses = usesOf(rule, seed, position);
      const found = new Map(shuffled.map(({ meeting }) => [meeting, uses.isUse(meeting)]));
      expect(first(100).map((meeting) => found.get(meeting))).toEqual(expected);
      expect(expected.filter(Boolean)).toHaveLength(uses.among(100));
      expect(uses.among(100)).toBeLessThanOrEqual(rule.count ?? 100);
      expect(uses.isSpent()).toBe(rule.count !== undefined && uses.among(100) === rule.count);
    }),
  );
});

test('without a probability the first `count` meetings are the uses', () => {
  const uses = usesOf({ count: 3 }, 1, 0);
  expect(first(5).map((meeting) => uses.isUse(meeting))).toEqual([true, true, true, false, false]);
});
