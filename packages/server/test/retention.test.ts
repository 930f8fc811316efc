import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { approve } from './flows.ts';
import { startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { day, removeOnce, rowsOf, runnerOf, subscribe } from './retention-bed.ts';

const tables = [
  'request_log',
  'events',
  'deliveries',
  'outbox',
  'otps',
  'verification_tokens',
  'biometric_readings',
] as const;

let sandbox: TestSandbox;
let store: TestSandbox['sandbox']['units']['store'];
let rows: ReturnType<typeof rowsOf>;
beforeAll(async () => {
  sandbox = await startSandbox();
  store = sandbox.sandbox.units.store;
  rows = rowsOf(sandbox);
});
afterAll(() => sandbox.stop());

const count = (provider: TestProvider, table: string) => rows.count(table as 'events', provider);

async function counts(provider: TestProvider): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const table of tables) found[table] = await count(provider, table);
  return found;
}

/** One of everything, made so long ago, over and delivered. */
async function oneOfEach(provider: TestProvider, subscription_id: string, age: number): Promise<void> {
  const event_id = await rows.event(provider, age);
  await rows.delivery(provider, event_id, subscription_id, 'DELIVERED', age);
  await rows.mail(provider, age);
  await rows.proofs(provider, age);
  await rows.call(provider, age);
}

/** A provider whose own onboarding is not counted. */
async function emptyProvider(): Promise<TestProvider> {
  const provider = await sandbox.provider();
  await store.db.deleteFrom('outbox').where('provider_id', '=', provider.provider_id).execute();
  return provider;
}

const each = (number: number) => Object.fromEntries(tables.map((table) => [table, number]));

describe('what is too old goes', () => {
  test('of every kind, by real time, and what is younger stays', async () => {
    const provider = await emptyProvider();
    const subscription_id = await subscribe(provider);
    for (const age of [400, 31, 29, 1]) await oneOfEach(provider, subscription_id, age * day);
    expect(await counts(provider)).toEqual(each(4));
    await removeOnce(store, { days: 30, rows: 100 });
    expect(await counts(provider)).toEqual(each(2));
    const attempts = await store.db
      .selectFrom('delivery_attempts')
      .innerJoin('deliveries', 'deliveries.delivery_id', 'delivery_attempts.delivery_id')
      .where('provider_id', '=', provider.provider_id)
      .select('number')
      .execute();
    expect(attempts).toHaveLength(2);
  });

  test('not before the days that are set', async () => {
    const provider = await emptyProvider();
    const subscription_id = await subscribe(provider);
    await oneOfEach(provider, subscription_id, 400 * day);
    await removeOnce(store, { days: 500, rows: 100 });
    expect(await count(provider, 'events')).toBe(1);
  });
});

test('what is too much goes, the oldest first, and no other provider feels it', async () => {
  const provider = await emptyProvider();
  const neighbour = await emptyProvider();
  const subscription_id = await subscribe(provider);
  for (let index = 0; index < 130; index += 1) {
    await oneOfEach(provider, subscription_id, (200 - index) * 1_000_000);
  }
  await oneOfEach(neighbour, await subscribe(neighbour), 3 * day);
  const before = await counts(neighbour);
  await removeOnce(store, { days: 30, rows: 100 });
  // The request log has bounds of its own.
  expect(await counts(provider)).toEqual({ ...each(100), request_log: 130 });
  expect(await counts(neighbour)).toEqual(before);
  const [oldest] = await store.db
    .selectFrom('events')
    .where('provider_id', '=', provider.provider_id)
    .select('created_at')
    .orderBy('created_at')
    .limit(1)
    .execute();
  expect(Date.now() - Number(oldest?.created_at)).toBeLessThanOrEqual(170_999_999);
});

describe('what is needed stays, however old', () => {
  const strict = { days: 1, rows: 100 };

  test('a pending delivery, its event, and those behind them go nevertheless', async () => {
    const provider = await emptyProvider();
    const subscription_id = await subscribe(provider);
    // More than one visit looks at.
    for (let index = 0; index < 150; index += 1) {
      const event_id = await rows.event(provider, 50 * day);
      await rows.delivery(provider, event_id, subscription_id, 'PENDING', 50 * day);
    }
    for (let index = 0; index < 20; index += 1) {
      await oneOfEach(provider, subscription_id, 40 * day);
    }
    await removeOnce(store, strict);
    expect(await rows.count('deliveries' as 'events', provider, 'PENDING')).toBe(150);
    expect(await count(provider, 'deliveries')).toBe(150);
    expect(await count(provider, 'events')).toBe(150);
  });

  test('an event whose delivery is young, and a delivery that says what became of an abandoned one', async () => {
    const provider = await emptyProvider();
    const subscription_id = await subscribe(provider);
    const redelivered = await rows.event(provider, 50 * day);
    await rows.delivery(provider, redelivered, subscription_id, 'ABANDONED', 0.4 * day);
    await rows.delivery(provider, redelivered, subscription_id, 'DELIVERED', 0.3 * day);
    for (let index = 0; index < 110; index += 1) await oneOfEach(provider, subscription_id, 0.1 * day);
    await removeOnce(store, strict);
    expect(await rows.count('deliveries' as 'events', provider, 'DELIVERED')).toBe(101);
    const { body } = await provider.call('POST', `/webhooks/v1/subscriptions/${subscription_id}/replay`, {
      from: '2000-01-01T00:00:00Z',
      to: '2999-01-01T00:00:00Z',
      only_failed: true,
      dry_run: true,
    });
    expect(body.events).toBe(0);
  });

  test('a mail that is still to leave', async () => {
    const provider = await emptyProvider();
    const leaving = await rows.mail(provider, 50 * day);
    await rows.mail(provider, 50 * day);
    await sandbox.sandbox.units.run(provider.provider_id, (uow) =>
      uow.schedule({ kind: 'outbox.mail', subject_id: leaving, due_at: uow.now + day }),
    );
    await removeOnce(store, strict);
    const left = await store.db
      .selectFrom('outbox')
      .where('provider_id', '=', provider.provider_id)
      .select('outbox_id')
      .execute();
    expect(left).toEqual([{ outbox_id: leaving }]);
  });

  test('a proof that is alive on a clock that was put back', async () => {
    const provider = await emptyProvider();
    const alive = Date.now() - 50 * day;
    await store.db
      .updateTable('providers')
      .set({ clock_offset: -60 * day })
      .where('provider_id', '=', provider.provider_id)
      .execute();
    await rows.proofs(provider, 55 * day, alive);
    await removeOnce(store, strict);
    expect(await counts(provider)).toMatchObject({ otps: 1, verification_tokens: 1, biometric_readings: 1 });
  });
});

describe('the clock of a provider makes nothing old', () => {
  test('fifty years ahead everything of the run is there, and what has expired says so', async () => {
    const provider = await emptyProvider();
    const subscription_id = await subscribe(provider);
    const authorization = await approve(provider);
    const { body } = await provider.call('POST', '/v1/otp/send', {
      ...{ beneficiary_id: provider.beneficiary(), sponsor_slug: 'sponsor-sandbox-otp', channel: 'SMS' },
    });
    const { otp_id } = body;
    for (let decade = 1; decade <= 5; decade += 1) await provider.advance(10 * 365 * 86_400);
    const before = await counts(provider);
    expect(before.events).toBeGreaterThanOrEqual(1);
    await removeOnce(store, { days: 1, rows: 1_000 });
    expect(await counts(provider)).toEqual(before);
    const events = await provider.call('GET', '/webhooks/v1/events');
    expect(JSON.stringify(events.body.content)).toContain(authorization.authorization_id);
    const tooLate = await provider.call('POST', '/v1/otp/validate', { otp_id, code: '246810' });
    expect(tooLate.body.code).toBe('071-422-otp-expired');
    expect(await count(provider, 'otps')).toBe(before.otps);
    expect(subscription_id).toMatch(/^whs_/);
  });

  test('a world that is restored or imported is as old as that', async () => {
    const provider = await emptyProvider();
    await oneOfEach(provider, await subscribe(provider), 50 * day);
    const control = `/_sandbox/v1/providers/${provider.slug}`;
    const { body: snapshot } = await provider.call('POST', `${control}/snapshots`, { name: 'old' });
    await removeOnce(store, { days: 30, rows: 100 });
    expect(await count(provider, 'events')).toBe(0);
    const { snapshot_id } = snapshot;
    const restored = await provider.call('POST', `${control}/restore`, { snapshot_id });
    expect(restored.status).toBe(200);
    await removeOnce(store, { days: 30, rows: 100 });
    expect(await counts(provider)).toEqual({ ...each(1), request_log: 0 });
    await store.db
      .updateTable('providers')
      .set({ reset_at_real: Date.now() - 31 * day })
      .where('provider_id', '=', provider.provider_id)
      .execute();
    const back = { imported_at_real: Date.now() };
    const whose = ['provider_id', '=', provider.provider_id] as const;
    await store.db
      .updateTable('providers')
      .set(back)
      .where(...whose)
      .execute();
    await removeOnce(store, { days: 30, rows: 100 });
    expect(await count(provider, 'events')).toBe(1);
    const longAgo = { imported_at_real: Date.now() - 31 * day };
    await store.db
      .updateTable('providers')
      .set(longAgo)
      .where(...whose)
      .execute();
    await removeOnce(store, { days: 30, rows: 100 });
    expect(await count(provider, 'events')).toBe(0);
  });
});

test('what ends by itself goes with its end: keys of calls, signing keys, secrets, lifts', async () => {
  const provider = await sandbox.provider();
  const subscription_id = await subscribe(provider);
  const { client_id, provider_id } = provider;
  const now = Date.now();
  const key = (idempotency_key: string, created_at_real: number) => ({
    ...{
      client_id,
      target: 'POST /',
      idempotency_key,
      body_sha256: '',
      status: 200,
      headers: '{}',
      body: '',
    },
    created_at_real,
  });
  await store.db
    .insertInto('idempotency_keys')
    .values([key('old', now - day - 1_000), key('live', now - day + 60_000), key('new', now)])
    .execute();
  const signing = (kid: string, retired_at_real: number | null) => ({
    ...{ kid, private_jwk: '{}', public_jwk: '{}', created_at_real: 1, retired_at_real },
  });
  await store.db
    .insertInto('signing_keys')
    .values([signing('k-old', now - 8_000_000), signing('k-new', now - 3_000_000), signing('k-live', null)])
    .execute();
  const secret = (text: string, expires_at_real: number | null) => ({
    ...{ subscription_id, secret: text, created_at_real: now, expires_at_real },
  });
  await store.db
    .insertInto('subscription_secrets')
    .values([secret('dead', now - 1), secret('dying', now + 60_000)])
    .execute();
  const lift = (lift_id: string, ends_at_real: number) => ({
    ...{ lift_id, provider_id, starts_at_real: 1, ends_at_real, requests_per_minute: 1_000 },
    ...{ token_requests_per_minute: null, reason: 'test' },
  });
  await store.db
    .insertInto('limit_lifts')
    .values([lift('l-over', now - 1), lift('l-on', now + 60_000)])
    .execute();

  await removeOnce(store, { days: 30, rows: 100 });

  const { db } = store;
  const keys = await db
    .selectFrom('idempotency_keys')
    .where('client_id', '=', client_id)
    .selectAll()
    .execute();
  expect(keys.map((row) => row.idempotency_key).sort()).toEqual(['live', 'new']);
  const signers = await db.selectFrom('signing_keys').where('kid', 'like', 'k-%').select('kid').execute();
  expect(signers.map(({ kid }) => kid).sort()).toEqual(['k-live', 'k-new']);
  const secrets = await db
    .selectFrom('subscription_secrets')
    .where('subscription_id', '=', subscription_id)
    .select('secret')
    .execute();
  expect(secrets.map((row) => row.secret)).toHaveLength(2);
  expect(secrets).toContainEqual({ secret: 'dying' });
  const lifts = await db
    .selectFrom('limit_lifts')
    .where('provider_id', '=', provider_id)
    .select('lift_id')
    .execute();
  expect(lifts).toEqual([{ lift_id: 'l-on' }]);
  await db.deleteFrom('signing_keys').where('kid', 'like', 'k-%').execute();
});

describe('a little at a time', () => {
  test('no batch has more than a hundred rows, and the run ends when nothing is too much', async () => {
    const provider = await emptyProvider();
    const subscription_id = await subscribe(provider);
    for (let index = 0; index < 250; index += 1) await oneOfEach(provider, subscription_id, 31 * day);
    const removed = await removeOnce(store, { days: 30, rows: 100 });
    expect(Math.max(...removed.map(([, number]) => number))).toBe(100);
    expect(await counts(provider)).toMatchObject({ events: 0, deliveries: 0, outbox: 0, otps: 0 });
    expect(await removeOnce(store, { days: 30, rows: 100 })).toEqual([]);
  });

  test('a stop waits for the batch under way and for no other', async () => {
    const provider = await emptyProvider();
    for (let index = 0; index < 250; index += 1) await rows.mail(provider, 31 * day);
    const batches: number[] = [];
    const runner = runnerOf(store, { days: 30, rows: 100 }, (_, number) => {
      batches.push(number);
      void runner.stop();
    });
    await runner.run();
    expect(batches).toEqual([100]);
    expect(await count(provider, 'outbox')).toBe(150);
    await removeOnce(store, { days: 30, rows: 100 });
  });
});

describe('beside others', () => {
  test('several runners remove each row once', async () => {
    const provider = await emptyProvider();
    const subscription_id = await subscribe(provider);
    for (let index = 0; index < 220; index += 1) await oneOfEach(provider, subscription_id, 31 * day);
    const removed = new Map<string, number>();
    const tell = (table: string, number: number) => removed.set(table, (removed.get(table) ?? 0) + number);
    const runners = [1, 2, 3].map(() => runnerOf(store, { days: 30, rows: 100 }, tell));
    await Promise.all(runners.map((runner) => runner.run()));
    // Who found somebody else at it leaves the rest for later.
    await removeOnceInto(tell);
    expect(await counts(provider)).toMatchObject({ events: 0, deliveries: 0, outbox: 0, otps: 0 });
    expect(removed.get('deliveries')).toBe(220);
    expect(removed.get('events')).toBe(220);
  });

  const removeOnceInto = (tell: (table: string, number: number) => void) =>
    runnerOf(store, { days: 30, rows: 100 }, tell).run();

  test('what is redelivered or replayed meanwhile is either done or not there; nothing fails', async () => {
    const provider = await emptyProvider();
    const subscription_id = await subscribe(provider);
    const deliveries: string[] = [];
    for (let index = 0; index < 150; index += 1) {
      const event_id = await rows.event(provider, 31 * day);
      deliveries.push(await rows.delivery(provider, event_id, subscription_id, 'DELIVERED', 31 * day));
    }
    const replay = `/webhooks/v1/subscriptions/${subscription_id}/replay`;
    const period = { from: '2000-01-01T00:00:00Z', to: '2999-01-01T00:00:00Z' };
    const calls = deliveries.map(
      (id, index) => async () =>
        index % 10 === 0
          ? provider.call('POST', replay, period)
          : provider.call('POST', `/webhooks/v1/deliveries/${id}/redeliver`),
    );
    const [replies] = await Promise.all([
      Promise.all(calls.map((call) => call())),
      removeOnce(store, { days: 30, rows: 100 }),
    ]);
    const statuses = new Set(replies.map(({ status }) => status));
    for (const status of statuses) expect([200, 201, 202, 404]).toContain(status);
    const orphans = await store.db
      .selectFrom('deliveries')
      .leftJoin('events', 'events.event_id', 'deliveries.event_id')
      .where('deliveries.provider_id', '=', provider.provider_id)
      .where('events.event_id', 'is', null)
      .select('delivery_id')
      .execute();
    expect(orphans).toEqual([]);
  });

  if (inject('dialect') === 'postgres') {
    test('rows that somebody holds are left for later, without waiting', async () => {
      const provider = await emptyProvider();
      const [held, free] = [await rows.mail(provider, 31 * day), await rows.mail(provider, 31 * day)];
      await store.transaction(async (tx) => {
        await tx.updateTable('outbox').set({ attempts: 1 }).where('outbox_id', '=', held).execute();
        await removeOnce(store, { days: 30, rows: 100 });
        const left = await store.db
          .selectFrom('outbox')
          .where('outbox_id', 'in', [held, free])
          .selectAll()
          .execute();
        expect(left.map(({ outbox_id }) => outbox_id)).toEqual([held]);
      });
      await removeOnce(store, { days: 30, rows: 100 });
      expect(await count(provider, 'outbox')).toBe(0);
    });
  }
});

test('a list shows what is left, a delivery that has gone is unknown, and what is left can be replayed', async () => {
  const provider = await emptyProvider();
  const subscription_id = await subscribe(provider);
  const gone = await rows.event(provider, 31 * day);
  const delivery = await rows.delivery(provider, gone, subscription_id, 'DELIVERED', 31 * day);
  const kept = await rows.event(provider, 2 * day);
  await rows.delivery(provider, kept, subscription_id, 'DELIVERED', 2 * day);
  await removeOnce(store, { days: 30, rows: 100 });
  const events = await provider.call('GET', '/webhooks/v1/events');
  expect(events.body.page.total_elements).toBe(1);
  const deliveries = await provider.call('GET', '/webhooks/v1/deliveries');
  expect(deliveries.body.content.map((row: { event_id: string }) => row.event_id)).toEqual([kept]);
  expect(await provider.call('POST', `/webhooks/v1/deliveries/${delivery}/redeliver`)).toMatchObject({
    status: 404,
    body: { code: '071-404-delivery' },
  });
  const replay = await provider.call('POST', `/webhooks/v1/subscriptions/${subscription_id}/replay`, {
    from: '2000-01-01T00:00:00Z',
    to: '2999-01-01T00:00:00Z',
  });
  expect(replay.body.events).toBe(1);
});

test('what was removed is told at /metrics', async () => {
  const { text } = await sandbox.call('GET', '/metrics');
  expect(text).toContain('# TYPE osigu_retention_removed_rows_total counter');
});
