import { expect, test } from 'vitest';
import { connectionsInAll, connectionsOf } from './connections.ts';

test('alone a process has all connections of a receiver', () => {
  expect(connectionsOf({ working: 1, serving: 0 }, true)).toBe(connectionsInAll);
});

test('up to eight processes together never have more than there are, and everybody has one', () => {
  for (let working = 1; working <= connectionsInAll; working += 1) {
    for (let serving = 0; working + serving <= connectionsInAll; serving += 1) {
      const living = { working, serving };
      const each = connectionsOf(living, true);
      expect(each).toBeGreaterThanOrEqual(1);
      expect(working * each + serving * connectionsOf(living, false)).toBeLessThanOrEqual(connectionsInAll);
    }
  }
});

test('more processes than connections have one each', () => {
  expect(connectionsOf({ working: 12, serving: 3 }, true)).toBe(1);
});
