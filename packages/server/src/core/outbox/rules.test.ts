import { expect, test } from 'vitest';
import { minute } from '../../platform/time.ts';
import { pauseAfter } from './rules.ts';

test('a mail is tried five times, at growing pauses', () => {
  expect([1, 2, 3, 4, 5].map(pauseAfter)).toEqual([minute, 5 * minute, 15 * minute, 60 * minute, undefined]);
});
