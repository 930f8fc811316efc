import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { second } from '../platform/time.ts';
import { openTestBed, type TestBed } from '../webhooks/test-bed.ts';
import { leaseMilliseconds } from './claim.ts';
import { postponeDueWork } from './due-work.ts';
import { createLaneClaims, type LaneClaims } from './lane-claims.ts';

let bed: TestBed;
let claims: LaneClaims;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
  bed = await openTestBed();
  claims = createLaneClaims(bed.units.store);
});
afterEach(async () => {
  vi.useRealTimers();
  await bed.close();
});

/** Due one after the other since a while ago, named by their places. */
async function plan(...places: readonly number[]): Promise<void> {
  await bed.run((uow) =>
    uow.scheduleAll(
      places.map((place) => ({
        kind: 'errand',
        subject_id: `${place}`,
        due_at: uow.now - 100 + place,
        lane: 'lane',
      })),
    ),
  );
}

async function claim(limit: number): Promise<number[]> {
  const rows = await claims.claim('lane', limit);
  return rows.map(({ subject_id }) => Number(subject_id));
}

async function giveBack(place: number, lease_until_real = 0): Promise<void> {
  const { work_id } = (await bed.dueWork()).find(({ subject_id }) => subject_id === `${place}`) ?? {
    work_id: '',
  };
  await postponeDueWork(bed.units.store.db, { work_id, lease_until_real });
}

test('a lane is claimed in order, each row once, until nothing is left of it', async () => {
  await plan(1, 2, 3, 4, 5);
  expect(await claim(2)).toEqual([1, 2]);
  expect(await claim(2)).toEqual([3, 4]);
  expect(await claim(2)).toEqual([5]);
  expect(await claim(2)).toEqual([]);
  await plan(6);
  expect(await claim(2)).toEqual([6]);
});

test('what came to stand in front is claimed as soon as the lane has nothing else, in its order', async () => {
  await plan(1, 2, 3, 4, 6);
  expect(await claim(2)).toEqual([1, 2]);
  expect(await claim(2)).toEqual([3, 4]);
  await giveBack(2);
  await plan(0);
  expect(await claim(3)).toEqual([0, 2, 6]);
});

test('what came to stand in front waits for a second at most, however much is behind it', async () => {
  await plan(1, 2, 3, 4, 5, 6, 7, 8);
  expect(await claim(2)).toEqual([1, 2]);
  await giveBack(1);
  vi.advanceTimersByTime(second - 1);
  expect(await claim(2)).toEqual([3, 4]);
  vi.advanceTimersByTime(1);
  expect(await claim(2)).toEqual([1, 5]);
  expect(await claim(2)).toEqual([6, 7]);
});

test('a row whose lease has ended is claimed again', async () => {
  await plan(1, 2, 3);
  expect(await claim(2)).toEqual([1, 2]);
  vi.advanceTimersByTime(leaseMilliseconds);
  expect(await claim(2)).toEqual([1, 2]);
});
