import { afterEach, beforeEach, expect, test } from 'vitest';
import { hour, realNow } from '../platform/time.ts';
import { openTestBed, type TestBed } from '../webhooks/test-bed.ts';
import { advanceClock } from './advance.ts';
import type { DueWork } from './due-work.ts';
import type { DueHandlers } from './run-due.ts';
import type { UnitOfWork } from './unit-of-work.ts';

let bed: TestBed;
let ran: { what: string; at: number; clock: number }[];
let base: number;

beforeEach(async () => {
  bed = await openTestBed();
  ran = [];
  base = realNow();
});

afterEach(() => bed.close());

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

async function plan(kind: string, subject_id: string, hours: number): Promise<void> {
  await bed.run((uow) => uow.schedule({ kind, subject_id, due_at: base + hours * hour }));
}

function note(uow: UnitOfWork, { subject_id }: DueWork): void {
  const clock = uow.provider.clock_offset + realNow();
  ran.push({ what: subject_id, at: (uow.now - base) / hour, clock: (clock - base) / hour });
}

function advance(handlers: DueHandlers, hours: number) {
  return advanceClock(bed.units, handlers, silent, bed.provider_id, base + hours * hour);
}

const names = () => ran.map(({ what }) => what);

test('each effect sees its own moment, also of those that share a transaction', async () => {
  for (const hours of [3, 1, 2]) await plan('effect', `${hours}`, hours);
  await plan('effect', 'another of 2', 2);
  const { fired } = await advance({ effect: { effect: async (uow, work) => note(uow, work) } }, 4);
  expect(fired).toBe(ran.length);
  expect(names()).toEqual(['1', '2', 'another of 2', '3']);
  for (const [index, hours] of [1, 2, 2, 3].entries()) {
    expect(ran[index]?.at).toBeCloseTo(hours, 3);
    expect(ran[index]?.clock).toBeCloseTo(hours, 3);
  }
});

test('what an effect causes runs before what was due later', async () => {
  for (const hours of [1, 3, 5]) await plan('effect', `${hours}`, hours);
  const handlers: DueHandlers = {
    effect: {
      effect: async (uow, work) => {
        note(uow, work);
        if (work.subject_id === '1') {
          await uow.schedule({ kind: 'effect', subject_id: 'caused', due_at: uow.now + hour });
          await uow.schedule({ kind: 'errand', subject_id: 'at once', due_at: uow.now });
        }
      },
    },
    errand: {
      errand: async (work) => {
        ran.push({ what: work.subject_id, at: 0, clock: 0 });
        await bed.units.store.db.deleteFrom('due_work').where('work_id', '=', work.work_id).execute();
      },
    },
  };
  expect((await advance(handlers, 6)).fired).toBe(5);
  expect(names()).toEqual(['1', 'at once', 'caused', '3', '5']);
});

test('where an effect fails among others nothing of them is left, and each happens once', async () => {
  for (const hours of [1, 2, 3]) await plan('effect', `${hours}`, hours);
  const runs = new Map<string, number>();
  const handlers: DueHandlers = {
    effect: {
      effect: async (uow, { subject_id }) => {
        const run = (runs.get(subject_id) ?? 0) + 1;
        runs.set(subject_id, run);
        await uow.schedule({
          kind: 'trace',
          subject_id: `${subject_id}, run ${run}`,
          due_at: uow.now + 100 * hour,
        });
        if (subject_id === '2' && run === 1) throw new Error('cannot');
      },
    },
  };
  expect((await advance(handlers, 4)).fired).toBe(3);
  const traces = (await bed.dueWork()).map(({ subject_id }) => subject_id);
  expect(traces).toEqual(['1, run 2', '2, run 2', '3, run 1']);
});
