import { eventTypes } from '@osigu-sandbox/contract';
import { expect, it } from 'vitest';
import { idlePatterns, matchesPattern } from './patterns.ts';

it('an exact pattern matches its type and nothing else', () => {
  for (const type of eventTypes) {
    expect(eventTypes.filter((other) => matchesPattern(type, other))).toEqual([type]);
  }
});

it('a family matches its own types only', () => {
  expect(eventTypes.filter((type) => matchesPattern('dispensing.*', type))).toEqual([
    'dispensing.started',
    'dispensing.completed',
    'dispensing.cancelled',
  ]);
});

it('a star matches every type', () => {
  expect(eventTypes.every((type) => matchesPattern('*', type))).toBe(true);
});

it('patterns that match no type are named by their index', () => {
  const patterns = ['*', 'auth*', 'authorization.*', '.*', '*.created', 'test.ping', 'AUTHORIZATION.*', ''];
  expect(idlePatterns(patterns)).toEqual([1, 3, 4, 5, 6, 7]);
});
