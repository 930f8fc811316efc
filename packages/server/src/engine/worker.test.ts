import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openTestBed, type TestBed } from '../webhooks/test-bed.ts';
import { maxAhead } from './lanes.ts';
import type { DueHandlers } from './run-due.ts';
import { createWorker } from './worker.ts';

let bed: TestBed;

beforeEach(async () => {
  bed = await openTestBed();
});
afterEach(async () => {
  vi.useRealTimers();
  await bed.close();
});

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('a lane that takes all that was claimed of it is looked at again, and does not wait for the next poll', async () => {
  const count = 5 * maxAhead;
  await bed.run(async (uow) => {
    const due = (index: number) => ({
      kind: 'errand',
      subject_id: `${index}`,
      due_at: uow.now,
      lane: 'lane',
    });
    await uow.scheduleAll(Array.from({ length: count }, (_, index) => due(index)));
  });
  // Polls are timers, and none of them ends.
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  let done = 0;
  const ends: (() => void)[] = [];
  const handlers: DueHandlers = {
    errand: {
      errand: async (work, turn) => {
        await turn(() => new Promise<void>((resolve) => ends.push(resolve)));
        await bed.units.store.db.deleteFrom('due_work').where('work_id', '=', work.work_id).execute();
        done += 1;
      },
    },
  };
  const worker = createWorker(bed.units, handlers, silent);
  worker.start();
  // All that runs ends at once, so that the lane is wide and often has nothing left that waits.
  while (done < count) {
    const before = done;
    await turns(50);
    for (const end of ends.splice(0)) end();
    vi.advanceTimersByTime(5);
    await turns(50);
    if (done === before) break;
  }
  expect(done).toBe(count);
  await worker.stop();
}, 20_000);
