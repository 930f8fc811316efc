import { afterEach, beforeEach, expect, it } from 'vitest';
import { listDeliveries, listEvents } from './deliveries/service.ts';
import { recordEvent } from './events.ts';
import { pauseSubscription } from './subscriptions/service.ts';
import { insertProvider, openTestBed, type TestBed, voided } from './test-bed.ts';

let bed: TestBed;
beforeEach(async () => {
  bed = await openTestBed();
});
afterEach(() => bed.close());

const firstPage = { page: 0, size: 100 };
const deliveriesOf = (of: TestBed) => of.run((uow) => listDeliveries(uow, {}, firstPage));

it('the envelope has its seven members in the documented order', async () => {
  const event_id = await bed.record();
  const { body } = await bed.units.store.db.selectFrom('events').select('body').executeTakeFirstOrThrow();
  const envelope = JSON.parse(body) as Record<string, unknown>;
  expect(Object.keys(envelope)).toEqual([
    'event_id',
    'event_type',
    'created_at',
    'api_version',
    'environment',
    'data',
    'provider',
  ]);
  expect(envelope).toMatchObject({
    event_id,
    event_type: 'authorization.voided',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    api_version: '2026-01-01',
    environment: 'sandbox',
    data: voided,
    provider: { provider_id: bed.provider_id, provider_slug: 'clinic-test' },
  });
});

it('every subscription whose patterns match gets one delivery, due at once, in its own lane', async () => {
  const all = await bed.subscribe('http://127.0.0.1:1/a');
  const family = await bed.subscribe('http://127.0.0.1:1/b', {
    event_types: ['dispensing.*', 'authorization.*'],
  });
  await bed.subscribe('http://127.0.0.1:1/c', { event_types: ['dispensing.*', 'authorization.created'] });
  const event_id = await bed.record();
  const { rows } = await deliveriesOf(bed);
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(row).toMatchObject({ event_id, status: 'PENDING', attempts: [] });
  const due = await bed.dueWork();
  expect(due.map(({ kind, subject_id, lane }) => ({ kind, subject_id, lane }))).toEqual(
    [all, family].map(({ subscription_id }) => ({
      kind: 'webhook.attempt',
      subject_id: rows.find((row) => row.subscription_id === subscription_id)?.delivery_id,
      lane: subscription_id,
    })),
  );
});

it('an effect that is undone leaves no event, no delivery and no due work', async () => {
  await bed.subscribe('http://127.0.0.1:1/a');
  const undone = bed.run(async (uow) => {
    await recordEvent(uow, 'authorization.voided', 'auth_1', voided);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  expect((await bed.run((uow) => listEvents(uow, {}, firstPage))).total).toBe(0);
  expect((await deliveriesOf(bed)).total).toBe(0);
  expect(await bed.dueWork()).toEqual([]);
});

it('an event goes to the subscriptions of its own provider alone', async () => {
  await insertProvider(bed.units, 'prv_other', 'other', 2);
  await bed.subscribe('http://127.0.0.1:1/a');
  await bed.units.run('prv_other', (uow) => recordEvent(uow, 'authorization.voided', 'auth_2', voided));
  expect((await deliveriesOf(bed)).total).toBe(0);
  expect((await bed.run((uow) => listEvents(uow, {}, firstPage))).total).toBe(0);
});

it('events of a paused subscription are kept as deliveries without due work', async () => {
  const { subscription_id } = await bed.subscribe('http://127.0.0.1:1/a');
  await bed.run((uow) => pauseSubscription(uow, subscription_id));
  await bed.record();
  expect((await deliveriesOf(bed)).rows).toMatchObject([{ subscription_id, status: 'PENDING' }]);
  expect(await bed.dueWork()).toEqual([]);
});

it('the list of events shows the envelopes, newest first, by pages', async () => {
  const ids = [await bed.record(), await bed.record(), await bed.record()];
  const page = (number: number) => bed.run((uow) => listEvents(uow, {}, { page: number, size: 2 }));
  expect((await page(0)).rows.map(({ event_id }) => event_id)).toEqual([ids[2], ids[1]]);
  expect(await page(1)).toMatchObject({ rows: [{ event_id: ids[0], data: voided }], total: 3 });
  expect(await page(9)).toEqual({ rows: [], total: 3 });
});
