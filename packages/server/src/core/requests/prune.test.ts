import { expect, test } from 'vitest';
import { hour, minute } from '../../platform/time.ts';
import { firstBeyond, smallRuns } from './prune.ts';

function sizes(calls: readonly number[], apart = minute) {
  return calls.map((count, index) => ({
    batch_id: `log_${String(index).padStart(4, '0')}`,
    calls: count,
    bytes: count * 100,
    last_at_real: index * apart,
  }));
}

const countsOf = (runs: ReturnType<typeof smallRuns>) => runs.map((run) => run.map(({ calls }) => calls));

test('a batch goes when the newer ones hold as many calls as are kept, or when it is too much', () => {
  const newestFirst = sizes([200, 200, 200, 200]);
  expect(firstBeyond(newestFirst, { rows: 10_000, bytes: 1_000_000 })).toBe(4);
  expect(firstBeyond(newestFirst, { rows: 401, bytes: 1_000_000 })).toBe(3);
  expect(firstBeyond(newestFirst, { rows: 400, bytes: 1_000_000 })).toBe(2);
  expect(firstBeyond(newestFirst, { rows: 10_000, bytes: 40_000 })).toBe(2);
  expect(firstBeyond([], { rows: 1, bytes: 1 })).toBe(0);
});

test('neighbours are put together where they are small and many, and not over a large one', () => {
  const few = Array.from({ length: 19 }, () => 1);
  const many = Array.from({ length: 25 }, () => 2);
  expect(countsOf(smallRuns(sizes([...few, 200, ...many, 200])))).toEqual([many]);
  expect(
    countsOf(
      smallRuns(
        sizes(
          Array.from({ length: 150 }, () => 1),
          1,
        ),
      ),
    ),
  ).toEqual([Array.from({ length: 100 }, () => 1), Array.from({ length: 50 }, () => 1)]);
  for (const run of smallRuns(
    sizes(
      Array.from({ length: 300 }, () => 9),
      1,
    ),
  )) {
    expect(run.reduce((sum, { calls }) => sum + calls, 0)).toBeLessThanOrEqual(200);
  }
});

test('what is put together lies within an hour', () => {
  expect(
    smallRuns(
      sizes(
        Array.from({ length: 100 }, () => 1),
        hour / 10,
      ),
    ),
  ).toEqual([]);
  expect(
    smallRuns(
      sizes(
        Array.from({ length: 100 }, () => 1),
        hour / 30,
      ),
    )[0],
  ).toHaveLength(31);
});
