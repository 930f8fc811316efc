import type { EmittedEventType, EventData } from '@osigu-sandbox/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { recordEvent } from '../src/webhooks/events.ts';
import { type Answer, openReceiver, type Receiver, voided } from '../src/webhooks/test-bed.ts';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { until } from './process/process-harness.ts';

let sandbox: TestSandbox;
let provider: TestProvider;
let receiver: Receiver;
let answer: Answer;

beforeAll(async () => {
  sandbox = await startSandbox({ worker: true });
});
afterAll(() => sandbox.stop());
beforeEach(async () => {
  provider = await sandbox.provider();
  answer = (_, response) => response.writeHead(204).end();
  receiver = await openReceiver((request, response, count) => answer(request, response, count));
});
afterEach(() => receiver.close());

const started: EventData<'dispensing.cancelled'> = {
  dispensation_id: 'dsp_1',
  code: 'AUTH-2026-000001',
  code_type: 'AUTHORIZATION',
  cancelled_by: 'PHARMACY',
  reason: null,
  cancelled_at: '2026-01-01T00:00:00.000Z',
};

function emit(event_type: EmittedEventType = 'authorization.voided'): Promise<string> {
  const data = event_type === 'authorization.voided' ? voided : started;
  return sandbox.sandbox.units.run(provider.provider_id, (uow) =>
    recordEvent(uow, event_type, 'auth_1', data as EventData<EmittedEventType>),
  );
}

async function subscribe(path = '', input: Json = {}): Promise<string> {
  const body = { url: `${receiver.url}${path}`, event_types: ['*'], ...input };
  return (await provider.call('POST', '/webhooks/v1/subscriptions', body)).body.subscription_id;
}

const longAgo = '2020-01-01T00:00:00.000Z';
const farAhead = '2120-01-01T00:00:00.000Z';
const replay = (id: string, body: Json = {}, headers: Record<string, string> = {}) => {
  const url = `/webhooks/v1/subscriptions/${id}/replay`;
  return provider.call('POST', url, { from: longAgo, to: farAhead, ...body }, headers);
};
const deliveriesOf = async (id: string, query = '') =>
  (await provider.call('GET', `/webhooks/v1/deliveries?subscription_id=${id}&size=100${query}`)).body;
const settled = (count: number) => until('the deliveries', () => receiver.received.length >= count);
const idsAt = (path: string) =>
  receiver.received.filter((post) => post.path === path).map(({ headers }) => headers['x-osigu-event-id']);

describe('a replay', () => {
  test('delivers the same events and bytes again, to this subscription alone, oldest first', async () => {
    const id = await subscribe('/one');
    const other = await subscribe('/two');
    const events: string[] = [];
    for (let count = 0; count < 5; count += 1) events.push(await emit());
    await settled(10);
    const first = new Map(receiver.received.map(({ headers, body }) => [headers['x-osigu-event-id'], body]));
    const { status, body } = await replay(id);
    expect([status, body]).toEqual([
      200,
      {
        ...{ subscription_id: id, from: longAgo, to: farAhead, event_types: ['*'] },
        ...{ only_failed: false, dry_run: false, events: 5, deliveries: 5 },
      },
    ]);
    await settled(15);
    const again = receiver.received.slice(10);
    expect(again.map(({ path }) => path)).toEqual(Array(5).fill('/hook/one'));
    for (const post of again) expect(post.body).toBe(first.get(post.headers['x-osigu-event-id']));
    // All about one thing: in the order in which they were recorded.
    expect(again.map(({ headers }) => headers['x-osigu-event-id'])).toEqual(events);
    await until('all of them to be recorded', async () => {
      const { page } = await deliveriesOf(id, '&status=DELIVERED');
      return page.total_elements === 10;
    });
    expect((await deliveriesOf(other)).page.total_elements).toBe(5);
  });

  test('that is dry counts and writes nothing', async () => {
    const id = await subscribe();
    await emit();
    await settled(1);
    const { status, body } = await replay(id, { dry_run: true });
    expect([status, body]).toMatchObject([200, { dry_run: true, events: 1, deliveries: 0 }]);
    expect((await deliveriesOf(id)).page.total_elements).toBe(1);
  });

  test('takes the types asked for, those of the subscription when none are, and never test.ping', async () => {
    const id = await subscribe('', { event_types: ['dispensing.*'] });
    await emit();
    await emit('dispensing.cancelled');
    await provider.call('POST', `/webhooks/v1/subscriptions/${id}/test`);
    await settled(2);
    const counted = async (event_types?: string[]) =>
      (await replay(id, { dry_run: true, ...(event_types && { event_types }) })).body.events;
    expect(await counted()).toBe(1);
    expect(await counted(['authorization.voided'])).toBe(1);
    expect(await counted(['*'])).toBe(2);
    expect(await counted(['settlement.*'])).toBe(0);
  });

  test('keeps to the period on the clock of the provider, both ends included', async () => {
    const id = await subscribe();
    for (let count = 0; count < 3; count += 1) {
      await emit();
      await provider.advance(3_600);
    }
    const { content } = (await provider.call('GET', '/webhooks/v1/events')).body;
    const [newest, middle, oldest] = content.map((event: Json) => event.created_at);
    const counted = async (from: string, to: string) =>
      (await replay(id, { dry_run: true, from, to })).body.events;
    expect(await counted(oldest, newest)).toBe(3);
    expect(await counted(middle, middle)).toBe(1);
    expect(await counted(middle, newest)).toBe(2);
    expect(await counted(farAhead, farAhead)).toBe(0);
  });

  test('reaches back to before the subscription existed', async () => {
    const early = await emit();
    const id = await subscribe('/late');
    expect((await replay(id, { only_failed: true })).body.deliveries).toBe(0);
    expect((await replay(id)).body.deliveries).toBe(1);
    await settled(1);
    expect(idsAt('/hook/late')).toEqual([early]);
  });

  test('of failed events alone takes those whose last delivery was given up', async () => {
    answer = (_, response) => response.writeHead(410).end();
    const id = await subscribe('/a', { retry_on: '5xx' });
    const events = [await emit(), await emit(), await emit()];
    const abandoned = () => deliveriesOf(id, '&status=ABANDONED');
    await until('them to be given up', async () => (await abandoned()).page.total_elements === 3);
    answer = (_, response) => response.writeHead(204).end();
    const delivered = await emit();
    const { content } = await abandoned();
    const mended = content.find((delivery: Json) => delivery.event_id === events[1]);
    await provider.call('POST', `/webhooks/v1/deliveries/${mended.delivery_id}/redeliver`);
    await until('the rest', async () => {
      const { page } = await deliveriesOf(id, '&status=DELIVERED');
      return page.total_elements === 2;
    });
    const before = receiver.received.length;
    expect((await replay(id, { only_failed: true })).body).toMatchObject({ events: 2, deliveries: 2 });
    await settled(before + 2);
    const again = receiver.received.slice(before).map(({ headers }) => headers['x-osigu-event-id']);
    expect(again).toEqual([events[0], events[2]]);
    expect(again).not.toContain(delivered);
    await until('them to be recorded', async () => {
      const { page } = await deliveriesOf(id, '&status=PENDING');
      return page.total_elements === 0;
    });
    expect((await replay(id, { only_failed: true, dry_run: true })).body.events).toBe(0);
  });

  test('of a paused subscription is kept until it is resumed', async () => {
    const id = await subscribe();
    const event = await emit();
    await settled(1);
    await provider.call('POST', `/webhooks/v1/subscriptions/${id}/pause`);
    expect((await replay(id)).body.deliveries).toBe(1);
    await provider.advance(3_600);
    expect(receiver.received).toHaveLength(1);
    await provider.call('POST', `/webhooks/v1/subscriptions/${id}/resume`);
    await settled(2);
    expect(idsAt('/hook')).toEqual([event, event]);
  });

  test('with the same Idempotency-Key happens once', async () => {
    const id = await subscribe();
    await emit();
    await settled(1);
    const key = { 'idempotency-key': 'replay-1' };
    const [first, second] = [await replay(id, {}, key), await replay(id, {}, key)];
    expect(second.body).toEqual(first.body);
    expect((await deliveriesOf(id)).page.total_elements).toBe(2);
  });

  test('of somebody else or nobody is 404; a wrong period or pattern is 422 that names all of it', async () => {
    const id = await subscribe();
    const stranger = await sandbox.provider();
    const url = `/webhooks/v1/subscriptions/${id}/replay`;
    expect(await stranger.call('POST', url, { from: longAgo, to: farAhead })).toMatchObject({
      status: 404,
      body: { code: '071-404-subscription' },
    });
    expect(await replay('whs_unknown')).toMatchObject({ status: 404 });
    const wrong = await replay(id, { from: farAhead, to: longAgo, event_types: ['*', 'nothing.*'] });
    expect(wrong).toMatchObject({ status: 422, body: { code: '071-422-validation' } });
    expect(wrong.body.errors.map(({ path }: Json) => path)).toEqual(['event_types[1]', 'to']);
    const absent = await provider.call('POST', url, {});
    expect(absent.body.errors.map(({ path }: Json) => path)).toEqual(['from', 'to']);
    expect(await replay(id, { from: 'yesterday' })).toMatchObject({ status: 422 });
  });
});

describe('ten thousand events', () => {
  /** Written into the database, a second apart, ending now. */
  async function fill(count: number): Promise<void> {
    const { provider_id } = provider;
    const now = Date.now();
    for (let from = 0; from < count; from += 500) {
      const rows = Array.from({ length: Math.min(500, count - from) }, (_, index) => ({
        event_id: `evt_${provider_id.slice(-10)}${String(from + index).padStart(16, '0')}`,
        ...{ provider_id, event_type: 'authorization.voided', resource_id: `auth_${from + index}` },
        created_at: now - (count - from - index) * 1_000,
        body: '{}',
      }));
      await sandbox.sandbox.units.store.db.insertInto('events').values(rows).execute();
    }
  }

  test('are replayed and resumed without holding up others; one more is 422, and a shorter period is taken', async () => {
    await fill(10_001);
    const id = await subscribe();
    await provider.call('POST', `/webhooks/v1/subscriptions/${id}/pause`);
    expect(await replay(id)).toMatchObject({ status: 422, body: { errors: [{ path: 'from' }] } });
    const from = new Date(Date.now() - 10_000_000).toISOString();
    const { body } = await replay(id, { from });
    expect(body.deliveries).toBeGreaterThan(9_900);
    const kept = await until('all of it', async () => {
      const { page } = await deliveriesOf(id, '&status=PENDING');
      return page.total_elements === body.deliveries && page.total_elements;
    });
    // Nobody waits for the whole of it: other calls are answered in between.
    await provider.call('POST', `/webhooks/v1/subscriptions/${id}/resume`);
    const { db } = sandbox.sandbox.units.store;
    await until('deliveries to begin', () => receiver.received.length > 0);
    await until('everything to be due', async () => {
      const { rest } = await db
        .selectFrom('due_work')
        .select((eb) => eb.fn.countAll<number>().as('rest'))
        .where('provider_id', '=', provider.provider_id)
        .where('kind', '=', 'webhook.resumption')
        .executeTakeFirstOrThrow();
      return Number(rest) === 0;
    });
    const { due } = await db
      .selectFrom('due_work')
      .select((eb) => eb.fn.countAll<number>().as('due'))
      .where('lane', '=', id)
      .executeTakeFirstOrThrow();
    const pending = await db
      .selectFrom('deliveries')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('subscription_id', '=', id)
      .where('status', '=', 'PENDING')
      .executeTakeFirstOrThrow();
    expect(Math.abs(Number(due) - Number(pending.count))).toBeLessThan(1_000);
    expect(Number(due) + receiver.received.length).toBeGreaterThanOrEqual(kept);
    await provider.call('DELETE', `/webhooks/v1/subscriptions/${id}`);
  }, 60_000);
});
