import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { day, removeOnce, rowsOf, subscribe } from './retention-bed.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

type Status = 'PENDING' | 'DELIVERED' | 'ABANDONED';

interface Made {
  readonly event: string;
  readonly age: number;
  readonly deliveries: { readonly id: string; readonly status: Status; readonly age: number }[];
}

const status = fc.constantFrom<Status>('PENDING', 'DELIVERED', 'ABANDONED');
/** Hours before now; a delivery is never older than its event. */
const history = fc.array(
  fc.record({ age: fc.integer({ min: 0, max: 2_000 }), deliveries: fc.array(status, { maxLength: 3 }) }),
  { maxLength: 25 },
);

/** What has to be left, told from the rule alone. */
function model(
  made: readonly Made[],
  days: number,
  rows: number,
): { events: Set<string>; deliveries: Set<string> } {
  const kept = new Set<string>();
  const deliveries = made.flatMap(({ event, deliveries: all }) => all.map((each) => ({ ...each, event })));
  const newestFirst = <T extends { readonly age: number }>(all: readonly T[]) =>
    all.toSorted((a, b) => a.age - b.age);
  const isOld = ({ age }: { readonly age: number }) => age > days * 24;
  const abandonedOf = new Set<string>();
  for (const [index, each] of newestFirst(deliveries.filter((row) => row.status === 'ABANDONED')).entries()) {
    if (isOld(each) || index >= rows) continue;
    kept.add(each.id);
    abandonedOf.add(each.event);
  }
  for (const [index, each] of newestFirst(deliveries.filter((row) => row.status === 'DELIVERED')).entries()) {
    if ((isOld(each) || index >= rows) && !abandonedOf.has(each.event)) continue;
    kept.add(each.id);
  }
  for (const each of deliveries) if (each.status === 'PENDING') kept.add(each.id);
  const events = new Set<string>();
  for (const [index, { event, age, deliveries: own }] of newestFirst(made).entries()) {
    const isNeeded = own.some(({ id }) => kept.has(id));
    if (isNeeded || (!isOld({ age }) && index < rows)) events.add(event);
  }
  return { events, deliveries: kept };
}

async function write(provider: TestProvider, asked: readonly { age: number; deliveries: Status[] }[]) {
  const rows = rowsOf(sandbox);
  const subscription_id = await subscribe(provider);
  const made: Made[] = [];
  const hour = day / 24;
  // Half an hour off the bounds, and no two of one moment.
  const ageOf = (age: number, index: number) => (age + 0.5) * hour + index * 1_000;
  let index = 0;
  for (const { age, deliveries } of asked) {
    index += 1;
    const event = await rows.event(provider, ageOf(age, index));
    const own = [];
    for (const [at, each] of deliveries.entries()) {
      const younger = Math.max(ageOf(age, index) - at * 200_000_000, index * 10 + at);
      const id = await rows.delivery(provider, event, subscription_id, each, younger);
      own.push({ id, status: each, age: younger / hour });
    }
    made.push({ event, age: ageOf(age, index) / hour, deliveries: own });
  }
  return made;
}

test('what is left is what the rule leaves, whatever there was', async () => {
  const { db } = sandbox.sandbox.units.store;
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 15 }),
      async (asked, days, rows) => {
        const provider = await sandbox.provider();
        const made = await write(provider, asked);
        const expected = model(made, days, rows);
        await removeOnce(sandbox.sandbox.units.store, { days, rows });
        const ofProvider = ['provider_id', '=', provider.provider_id] as const;
        const events = await db
          .selectFrom('events')
          .where(...ofProvider)
          .select('event_id')
          .execute();
        const deliveries = await db
          .selectFrom('deliveries')
          .where(...ofProvider)
          .select('delivery_id')
          .execute();
        expect(new Set(deliveries.map((row) => row.delivery_id))).toEqual(expected.deliveries);
        expect(new Set(events.map((row) => row.event_id))).toEqual(expected.events);
      },
    ),
    { numRuns: inject('dialect') === 'sqlite' ? 40 : 12 },
  );
});
