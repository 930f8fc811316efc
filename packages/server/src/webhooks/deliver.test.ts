import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DueWork } from '../engine/due-work.ts';
import { untilBegun } from '../engine/lanes.ts';
import { hour, realNow } from '../platform/time.ts';
import { type AttemptReport, createAttemptHandler } from './deliver.ts';
import { listDeliveries, redeliver } from './deliveries/service.ts';
import { createSender, type Sender } from './sending/sender.ts';
import { createTransport } from './sending/transport.ts';
import { signatureHeader } from './signature.ts';
import { rotateSecret } from './subscriptions/secrets.ts';
import { deleteSubscription, pauseSubscription, resumeSubscription } from './subscriptions/service.ts';
import { type Answer, openReceiver, openTestBed, type Receiver, type TestBed } from './test-bed.ts';

let bed: TestBed;
let sender: Sender;
let receiver: Receiver;
let answer: Answer;
let reports: AttemptReport[];
let attempt: (work: DueWork) => Promise<void>;

/** As a process makes attempts. */
function attempting(): (work: DueWork) => Promise<void> {
  const handler = createAttemptHandler({
    units: bed.units,
    sender,
    onAttempt: (report) => reports.push(report),
  });
  return (work) =>
    'errand' in handler ? handler.errand(work, untilBegun) : Promise.reject(new Error('not an errand'));
}

beforeEach(async () => {
  bed = await openTestBed();
  sender = createSender(createTransport({ policy: { profile: 'local' } }));
  answer = (_, response) => response.end('ok');
  receiver = await openReceiver((request, response, count) => answer(request, response, count));
  reports = [];
  attempt = attempting();
});
afterEach(async () => {
  await sender.close();
  await receiver.close();
  await bed.close();
});

const answering =
  (status: number): Answer =>
  (_, response) =>
    response.writeHead(status).end(`status ${status}`);

/** Moves the provider's clock to the earliest due work and runs it. False when there is none. */
async function runNext(): Promise<boolean> {
  const [work] = await bed.dueWork();
  if (work === undefined) return false;
  await bed.units.store.db
    .updateTable('providers')
    .set((eb) => ({
      clock_offset: eb.fn('max', [eb.ref('clock_offset'), eb.val(work.due_at - realNow())]),
    }))
    .execute();
  await attempt(work);
  return true;
}

async function runAll(): Promise<void> {
  while (await runNext()) {}
}

const deliveries = async (query: Parameters<typeof listDeliveries>[1] = {}) =>
  (await bed.run((uow) => listDeliveries(uow, query, { page: 0, size: 100 }))).rows;

describe('an attempt', () => {
  it('posts the event with its headers and a fresh signature over the exact bytes, and is recorded', async () => {
    const { subscription_id, secret } = await bed.subscribe(receiver.url);
    const event_id = await bed.record();
    await runAll();
    const [received] = receiver.received;
    const t = Number(/^t=(\d+),/.exec(String(received?.headers['x-osigu-signature']))?.[1]);
    expect(received?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-osigu-event-id': event_id,
      'x-osigu-event-type': 'authorization.voided',
      'x-osigu-delivery-attempt': '1',
      'x-osigu-signature': signatureHeader([secret], t, received?.body ?? ''),
      'user-agent': expect.stringContaining('osigu-sandbox'),
    });
    expect(Math.abs(realNow() / 1_000 - t)).toBeLessThan(10);
    expect(await deliveries()).toMatchObject([
      {
        subscription_id,
        event_id,
        status: 'DELIVERED',
        next_attempt_at: null,
        attempts: [{ number: 1, response_status: 200, error: null, response_excerpt: 'ok' }],
      },
    ]);
    expect(await bed.dueWork()).toEqual([]);
    expect(reports).toMatchObject([{ outcome: 'delivered', subscription_id, event_id, number: 1 }]);
  });

  it('whose row is claimed again meanwhile, as after a lease that ended too early, is made once', async () => {
    await bed.subscribe(receiver.url);
    await bed.record();
    answer = answering(500);
    const [work] = await bed.dueWork();
    if (work === undefined) throw new Error('Nothing is due');
    await Promise.all([attempt(work), attempt(work)]);
    expect(receiver.received).toHaveLength(1);
    expect(await deliveries()).toMatchObject([{ status: 'PENDING', attempts: [{ number: 1 }] }]);
    const [next] = await bed.dueWork();
    expect(next?.due_at).toBeGreaterThan(work.due_at);
  });

  it('that is planned anew while it is on its way, as by a pause that ends, is made once', async () => {
    const { subscription_id } = await bed.subscribe(receiver.url);
    await bed.record();
    let again: Promise<boolean> | undefined;
    answer = (_, response) => {
      again = bed
        .run((uow) => pauseSubscription(uow, subscription_id))
        .then(() => bed.run((uow) => resumeSubscription(uow, subscription_id)))
        .then(() => runNext())
        .finally(() => response.end());
    };
    await runNext();
    expect(await again).toBe(true);
    await runAll();
    expect(receiver.received).toHaveLength(1);
    expect(await deliveries()).toMatchObject([{ status: 'DELIVERED', attempts: [{ number: 1 }] }]);
    expect(await bed.dueWork()).toEqual([]);
  });

  it('whose row was written anew since it was claimed, as by a restore, is not made before the new one is due', async () => {
    await bed.subscribe(receiver.url);
    await bed.record();
    const [work] = await bed.dueWork();
    if (work === undefined) throw new Error('Nothing is due');
    await bed.units.store.db.updateTable('due_work').set({ work_id: 'anew' }).execute();
    await attempt(work);
    expect(receiver.received).toEqual([]);
    expect(await bed.dueWork()).toMatchObject([{ work_id: 'anew' }]);
    await runNext();
    expect(await deliveries()).toMatchObject([{ status: 'DELIVERED' }]);
  });

  it('that fails is planned again ten seconds later, and succeeds with the same bytes and event id', async () => {
    answer = (request, response, count) => answering(count < 3 ? 500 : 200)(request, response, count);
    await bed.subscribe(receiver.url);
    await bed.record();
    const [first] = await bed.dueWork();
    await runNext();
    const [second] = await bed.dueWork();
    const gap = (second?.due_at ?? 0) - (first?.due_at ?? 0);
    expect(gap).toBeGreaterThanOrEqual(9_000);
    expect(gap).toBeLessThan(15_000);
    expect(await deliveries()).toMatchObject([
      { status: 'PENDING', next_attempt_at: new Date(second?.due_at ?? 0).toISOString() },
    ]);
    await runAll();
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(receiver.received.map(({ headers }) => headers['x-osigu-event-id'])).size).toBe(1);
    expect(receiver.received.map(({ headers }) => headers['x-osigu-delivery-attempt'])).toEqual([
      '1',
      '2',
      '3',
    ]);
    const [delivery] = await deliveries();
    expect(delivery?.status).toBe('DELIVERED');
    expect(delivery?.attempts.map(({ response_status }) => response_status)).toEqual([500, 500, 200]);
    expect(reports.map(({ outcome }) => outcome)).toEqual(['retry', 'retry', 'delivered']);
  });

  it('signs with every live secret, newest first', async () => {
    const { subscription_id, secret } = await bed.subscribe(receiver.url);
    const rotated = await bed.run((uow) => rotateSecret(uow, subscription_id));
    await bed.record();
    await runAll();
    const [received] = receiver.received;
    const header = String(received?.headers['x-osigu-signature']);
    const t = Number(/^t=(\d+),/.exec(header)?.[1]);
    expect(header).toBe(signatureHeader([rotated.secret, secret], t, received?.body ?? ''));
  });
});

describe('giving up', () => {
  it('comes after 72 hours of the clock of the provider, not before, with every attempt in the log', async () => {
    answer = answering(500);
    await bed.subscribe(receiver.url);
    await bed.record();
    await runAll();
    const [delivery] = await deliveries();
    expect(delivery).toMatchObject({ status: 'ABANDONED', next_attempt_at: null });
    const times = (delivery?.attempts ?? []).map(({ at }) => Date.parse(at));
    expect(times.length).toBe(receiver.received.length);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(72 * hour);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(72 * hour + 10_000);
    for (const [index, time] of times.slice(1).entries()) {
      expect(time - (times[index] ?? 0)).toBeLessThan(6 * hour + 10_000);
    }
    expect(reports.at(-1)?.outcome).toBe('abandoned');
  });

  it('comes at once with retry_on 5xx when the receiver answers 4xx', async () => {
    answer = answering(410);
    await bed.subscribe(receiver.url, { retry_on: '5xx' });
    await bed.record();
    await runAll();
    expect(await deliveries()).toMatchObject([{ status: 'ABANDONED', attempts: [{ response_status: 410 }] }]);
  });
});

describe('a pause', () => {
  it('followed by a resume loses nothing, whether the due work was there before the pause or not', async () => {
    const { subscription_id } = await bed.subscribe(receiver.url);
    const before = await bed.record();
    await bed.run((uow) => pauseSubscription(uow, subscription_id));
    const during = await bed.record();
    await runAll();
    expect(receiver.received).toEqual([]);
    expect(await bed.dueWork()).toEqual([]);
    expect(await deliveries()).toMatchObject([{ status: 'PENDING' }, { status: 'PENDING' }]);
    await bed.run((uow) => resumeSubscription(uow, subscription_id));
    await runAll();
    expect(receiver.received.map(({ headers }) => headers['x-osigu-event-id'])).toEqual([before, during]);
    expect(await deliveries({ status: 'DELIVERED' })).toHaveLength(2);
  });

  it('and resume while an attempt gives up because of the pause loses nothing either', async () => {
    const { subscription_id } = await bed.subscribe(receiver.url);
    await bed.record();
    const [claimed] = await bed.dueWork();
    await bed.run((uow) => pauseSubscription(uow, subscription_id));
    await bed.run((uow) => resumeSubscription(uow, subscription_id));
    const { db } = bed.units.store;
    // What the attempt does last when it has seen the pause: it removes the row that it had claimed.
    await db
      .deleteFrom('due_work')
      .where('work_id', '=', claimed?.work_id ?? '')
      .execute();
    await runAll();
    expect(receiver.received).toHaveLength(1);
  });

  it('leaves a retry its time', async () => {
    answer = answering(500);
    const { subscription_id } = await bed.subscribe(receiver.url);
    await bed.record();
    await runNext();
    const [planned] = await bed.dueWork();
    await bed.run((uow) => pauseSubscription(uow, subscription_id));
    await bed.run((uow) => resumeSubscription(uow, subscription_id));
    expect(await bed.dueWork()).toMatchObject([{ due_at: planned?.due_at }]);
  });
});

describe('while an attempt is on its way', () => {
  /** Runs `meanwhile` between the receipt and the answer. */
  const during = (meanwhile: () => Promise<void>): void => {
    answer = (_, response) => {
      void meanwhile().then(() => response.end());
    };
  };

  it('its rows may go: nothing is written', async () => {
    const { subscription_id } = await bed.subscribe(receiver.url);
    await bed.record();
    during(() => bed.run((uow) => deleteSubscription(uow, subscription_id)));
    await runAll();
    expect(receiver.received).toHaveLength(1);
    expect(await bed.units.store.db.selectFrom('delivery_attempts').selectAll().execute()).toEqual([]);
    expect(reports).toEqual([]);
    expect(await bed.dueWork()).toEqual([]);
  });

  it('its provider may go: nothing is written and nothing fails', async () => {
    await bed.subscribe(receiver.url);
    await bed.record();
    const { db } = bed.units.store;
    during(async () => {
      for (const table of ['due_work', 'deliveries', 'events', 'subscriptions', 'providers'] as const) {
        await db.deleteFrom(table).execute();
      }
    });
    await runAll();
    expect(reports).toEqual([]);
  });

  it('another process with the same row may send again, but one attempt is recorded', async () => {
    await bed.subscribe(receiver.url);
    await bed.record();
    const [work] = await bed.dueWork();
    if (work === undefined) throw new Error('no due work');
    let second: Promise<void> | undefined;
    answer = (_, response, count) => {
      if (count > 1) {
        response.end();
        return;
      }
      second = attempting()(work).then(() => void response.end());
    };
    await attempt(work);
    await second;
    expect(receiver.received).toHaveLength(2);
    expect(await deliveries()).toMatchObject([{ status: 'DELIVERED', attempts: [{ number: 1 }] }]);
    expect(reports).toHaveLength(1);
    expect(await bed.dueWork()).toEqual([]);
  });
});

describe('redelivery', () => {
  it('of a decided delivery is a new one of the same event and bytes', async () => {
    await bed.subscribe(receiver.url);
    const event_id = await bed.record();
    await runAll();
    const [before] = await deliveries();
    const fresh = await bed.run((uow) => redeliver(uow, before?.delivery_id ?? ''));
    expect(fresh).toMatchObject({ event_id, status: 'PENDING', attempts: [] });
    expect(fresh.delivery_id).not.toBe(before?.delivery_id);
    await runAll();
    expect(receiver.received.map(({ body }) => body)).toEqual(Array(2).fill(receiver.received[0]?.body));
    expect(await deliveries()).toMatchObject([
      { delivery_id: fresh.delivery_id, status: 'DELIVERED' },
      { delivery_id: before?.delivery_id, status: 'DELIVERED', attempts: [{ number: 1 }] },
    ]);
  });

  it('of a pending one tries it now', async () => {
    answer = answering(500);
    await bed.subscribe(receiver.url);
    await bed.record();
    await runNext();
    const [pending] = await deliveries();
    const same = await bed.run((uow) => redeliver(uow, pending?.delivery_id ?? ''));
    expect(same).toMatchObject({ delivery_id: pending?.delivery_id, attempts: [{ number: 1 }] });
    const [work] = await bed.dueWork();
    expect(work?.due_at).toBeLessThanOrEqual(await bed.run(async (uow) => uow.now));
    expect(await deliveries()).toHaveLength(1);
  });

  it('keeps its place among the deliveries about the same', async () => {
    await bed.subscribe(receiver.url);
    await bed.record();
    await runAll();
    const [before] = await deliveries();
    await bed.run((uow) => redeliver(uow, before?.delivery_id ?? ''));
    await bed.record();
    const [again, fresh] = await bed.dueWork();
    expect(again?.sequence_key).toBe('auth_1');
    expect(fresh?.sequence_key).toBe('auth_1');
  });

  it('of an unknown one is 404', async () => {
    const outcome = bed.run((uow) => redeliver(uow, 'dlv_unknown'));
    await expect(outcome).rejects.toMatchObject({ code: '071-404-delivery' });
  });
});

describe('the list of deliveries', () => {
  it('filters by subscription, status, type and time, newest first, by pages', async () => {
    answer = (request, response, count) =>
      answering(request.url === '/hook' ? 200 : 410)(request, response, count);
    const good = await bed.subscribe(receiver.url);
    const bad = await bed.subscribe(`${receiver.url}/bad`, { retry_on: '5xx' });
    await bed.record();
    await runAll();
    await bed.record();
    const { subscription_id } = good;
    expect(await deliveries()).toHaveLength(4);
    expect((await deliveries({ subscription_id })).map(({ status }) => status)).toEqual([
      'PENDING',
      'DELIVERED',
    ]);
    expect(await deliveries({ status: 'ABANDONED' })).toMatchObject([
      { subscription_id: bad.subscription_id },
    ]);
    expect(await deliveries({ event_type: 'authorization.created' })).toEqual([]);
    expect(await deliveries({ event_type: 'authorization.voided', status: 'PENDING' })).toHaveLength(2);
    const created = (await deliveries()).at(-1)?.created_at ?? '';
    expect((await deliveries({ from: created })).length).toBe(4);
    expect((await deliveries({ to: '2000-01-01T00:00:00.000Z' })).length).toBe(0);
    const page = await bed.run((uow) => listDeliveries(uow, {}, { page: 1, size: 3 }));
    expect(page).toMatchObject({ rows: [{ created_at: created, attempts: [{ number: 1 }] }], total: 4 });
  });
});
