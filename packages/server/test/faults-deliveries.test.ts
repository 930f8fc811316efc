import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { type VerifyingReceiver, verifyingReceiver } from './verifying-receiver.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function receive(provider: TestProvider, subscription: Json = {}): Promise<VerifyingReceiver> {
  const receiver = await verifyingReceiver(provider, subscription);
  closing.push(receiver.close);
  return receiver;
}

async function setFaults(provider: TestProvider, deliveries: readonly Json[]): Promise<void> {
  const answer = await provider.call('PUT', `/_sandbox/v1/providers/${provider.slug}/faults`, { deliveries });
  expect(answer.status, answer.text).toBe(200);
}

const uses = async (provider: TestProvider) => {
  const { body } = await provider.call('GET', `/_sandbox/v1/providers/${provider.slug}/faults`);
  return body.deliveries.map(({ used, remaining }: Json) => [used, remaining]);
};

/** Records an event for this subscription. Answers its id. */
async function ping(provider: TestProvider, { subscription_id }: VerifyingReceiver): Promise<string> {
  const answer = await provider.call('POST', `/webhooks/v1/subscriptions/${subscription_id}/test`);
  const { body } = await provider.call('GET', '/webhooks/v1/events?size=1');
  expect(answer.status).toBeLessThan(300);
  return body.content[0].event_id;
}

async function logOf(provider: TestProvider, event_id: string): Promise<Json> {
  const { body } = await provider.call('GET', '/webhooks/v1/deliveries?size=100');
  return body.content.find((delivery: Json) => delivery.event_id === event_id);
}

/** Status, and of each attempt what came back and what was injected. */
async function told(provider: TestProvider, event_id: string): Promise<unknown> {
  const { status, attempts } = await logOf(provider, event_id);
  return [status, ...attempts.map(({ response_status, fault }: Json) => [response_status, fault])];
}

/** Everything due now is sent; the worker is off, so that nothing else sends. */
const send = (provider: TestProvider, seconds = 1) => provider.advance(seconds);

test('without faults every attempt says so in the log', async () => {
  const provider = await sandbox.provider();
  const receiver = await receive(provider);
  const event = await ping(provider, receiver);
  await send(provider);
  expect(await told(provider, event)).toEqual(['DELIVERED', [204, null]]);
});

test('duplicate: the same event and bytes twice in a row, both good and both in the log', async () => {
  const provider = await sandbox.provider();
  const receiver = await receive(provider);
  await setFaults(provider, [{ kind: 'duplicate', count: 1 }]);
  const [first, second] = [await ping(provider, receiver), await ping(provider, receiver)];
  await send(provider);
  const ofFirst = receiver.posts.filter(({ event_id }) => event_id === first);
  expect(ofFirst.map(({ attempt, verdict }) => [attempt, verdict])).toEqual([
    ['1', 'genuine'],
    ['2', 'genuine'],
  ]);
  expect(new Set(ofFirst.map(({ text }) => text)).size).toBe(1);
  expect(await told(provider, first)).toEqual(['DELIVERED', [204, 'duplicate'], [204, null]]);
  expect(await told(provider, second)).toEqual(['DELIVERED', [204, null]]);
  expect(await uses(provider)).toEqual([[1, 0]]);
});

test.each([
  ['tampered_signature', 'forged'],
  ['stale_timestamp', 'stale'],
])(
  '%s: who refuses it gets the good one at the next retry, also with retry_on 5xx',
  async (kind, verdict) => {
    const provider = await sandbox.provider();
    const receiver = await receive(provider, { retry_on: '5xx' });
    await setFaults(provider, [{ kind }]);
    const event = await ping(provider, receiver);
    await send(provider, 60);
    expect(receiver.posts.map((post) => post.verdict)).toEqual([verdict, 'genuine']);
    expect(new Set(receiver.posts.map(({ text }) => text)).size).toBe(1);
    expect(await told(provider, event)).toEqual(['DELIVERED', [401, kind], [204, null]]);
  },
);

test('who accepts a forged one is not sent another: the log shows it', async () => {
  const provider = await sandbox.provider();
  const receiver = await receive(provider);
  receiver.trusting = true;
  await setFaults(provider, [{ kind: 'tampered_signature', count: 1 }]);
  const event = await ping(provider, receiver);
  await send(provider, 3_600);
  expect(receiver.posts.map(({ verdict }) => verdict)).toEqual(['forged']);
  expect(await told(provider, event)).toEqual(['DELIVERED', [204, 'tampered_signature']]);
});

test("delay: the attempt is made so much later on the provider's clock, and the log says when", async () => {
  const provider = await sandbox.provider();
  const receiver = await receive(provider);
  await setFaults(provider, [{ kind: 'delay', delay_ms: 600_000, count: 1 }]);
  const [late, prompt] = [await ping(provider, receiver), await ping(provider, receiver)];
  await send(provider);
  expect(receiver.posts.map(({ event_id }) => event_id)).toEqual([prompt]);
  const waiting = await logOf(provider, late);
  expect([waiting.status, waiting.attempts]).toEqual(['PENDING', []]);
  const wait = Date.parse(waiting.next_attempt_at) - Date.parse(waiting.created_at);
  expect(wait).toBeGreaterThanOrEqual(600_000);
  expect(wait).toBeLessThan(605_000);
  await send(provider, 500);
  expect(receiver.posts).toHaveLength(1);
  await send(provider, 150);
  expect(await told(provider, late)).toEqual(['DELIVERED', [204, 'delay']]);
  const { attempts, created_at } = await logOf(provider, late);
  expect(Date.parse(attempts[0].at) - Date.parse(created_at)).toBeGreaterThanOrEqual(600_000);
});

test('one long advance fires what was delayed in the order in which it falls due', async () => {
  const provider = await sandbox.provider();
  const [slow, quick] = [await receive(provider), await receive(provider)];
  await setFaults(provider, [
    { kind: 'delay', delay_ms: 20_000, subscription_id: slow.subscription_id },
    { kind: 'delay', delay_ms: 10_000, subscription_id: quick.subscription_id },
  ]);
  const [later, sooner] = [await ping(provider, slow), await ping(provider, quick)];
  await send(provider, 60);
  const at = async (event: string) => Date.parse((await logOf(provider, event)).attempts[0].at);
  expect((await at(later)) - (await at(sooner))).toBeGreaterThan(9_000);
});

test('out_of_order: a delivery is overtaken by the next of its subscription, and then goes', async () => {
  const provider = await sandbox.provider();
  const receiver = await receive(provider);
  const other = await receive(provider);
  await setFaults(provider, [
    { kind: 'out_of_order', subscription_id: receiver.subscription_id, count: 1, delay_ms: 3_600_000 },
  ]);
  const first = await ping(provider, receiver);
  await send(provider);
  await ping(provider, other);
  await send(provider);
  expect(receiver.posts).toEqual([]);
  const second = await ping(provider, receiver);
  const third = await ping(provider, receiver);
  await send(provider);
  const order = receiver.posts.map(({ event_id }) => event_id);
  expect([...order].sort()).toEqual([first, second, third].sort());
  expect(order.indexOf(first)).toBeGreaterThan(0);
  expect(await told(provider, first)).toEqual(['DELIVERED', [204, 'out_of_order']]);
});

test('out_of_order without end swaps neighbours; the last one goes when its time has passed', async () => {
  const provider = await sandbox.provider();
  const receiver = await receive(provider);
  await setFaults(provider, [{ kind: 'out_of_order' }]);
  const events: string[] = [];
  for (let each = 0; each < 5; each += 1) {
    events.push(await ping(provider, receiver));
    await send(provider, 0.5);
  }
  expect(receiver.posts.map(({ event_id }) => events.indexOf(event_id))).toEqual([1, 0, 3, 2]);
  await send(provider, 10);
  expect(receiver.posts.map(({ event_id }) => events.indexOf(event_id))).toEqual([1, 0, 3, 2, 4]);
});

test('a rule is about its subscription and its type of event, and each rule applies once to a delivery', async () => {
  const provider = await sandbox.provider();
  const [hit, spared] = [await receive(provider), await receive(provider)];
  await setFaults(provider, [
    { kind: 'tampered_signature', subscription_id: hit.subscription_id, event_type: 'test.*' },
    { kind: 'stale_timestamp', subscription_id: hit.subscription_id, event_type: 'test.ping' },
    { kind: 'duplicate', event_type: 'authorization.*' },
  ]);
  const [faulty, good] = [await ping(provider, hit), await ping(provider, spared)];
  await send(provider, 120);
  expect(hit.posts.map(({ verdict }) => verdict)).toEqual(['forged', 'stale', 'genuine']);
  expect(spared.posts.map(({ verdict }) => verdict)).toEqual(['genuine']);
  expect(await told(provider, good)).toEqual(['DELIVERED', [204, null]]);
  expect(await told(provider, faulty)).toMatchObject(['DELIVERED', {}, {}, [204, null]]);
  expect(await uses(provider)).toEqual([
    [1, null],
    [1, null],
    [0, null],
  ]);
});

test('an attempt that was cut off after it took its use is made again the same way', async () => {
  const provider = await sandbox.provider();
  const receiver = await receive(provider);
  await setFaults(provider, [{ kind: 'tampered_signature', count: 1 }]);
  const event = await ping(provider, receiver);
  const { delivery_id } = await logOf(provider, event);
  // As a killed process leaves it: the use is written down, nothing was sent.
  const { db } = sandbox.sandbox.units.store;
  const { plan_id } = await db
    .updateTable('delivery_faults')
    .set({ used: 1 })
    .where('provider_id', '=', provider.provider_id)
    .returning('plan_id')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('delivery_fault_uses')
    .values({
      delivery_id,
      plan_id,
      position: 0,
      provider_id: provider.provider_id,
      subscription_id: receiver.subscription_id,
      number: 1,
      kind: 'tampered_signature',
      held: null,
    })
    .execute();
  await send(provider, 60);
  expect(await told(provider, event)).toEqual(['DELIVERED', [401, 'tampered_signature'], [204, null]]);
  expect(await uses(provider)).toEqual([[1, 0]]);
});

test('what a cleared plan keeps back still arrives, and does not stand in the way of the next plan', async () => {
  const provider = await sandbox.provider();
  const receiver = await receive(provider);
  await setFaults(provider, [{ kind: 'out_of_order', delay_ms: 60_000 }]);
  const first = await ping(provider, receiver);
  await send(provider);
  await provider.call('DELETE', `/_sandbox/v1/providers/${provider.slug}/faults`);
  await setFaults(provider, [{ kind: 'out_of_order', delay_ms: 120_000 }]);
  const second = await ping(provider, receiver);
  await send(provider);
  expect(receiver.posts).toEqual([]);
  await send(provider, 300);
  expect(receiver.posts.map(({ event_id }) => event_id)).toEqual([first, second]);
});

test('a rule of n uses hits n deliveries, also of many at once', async () => {
  const provider = await sandbox.provider();
  const receiver = await receive(provider);
  await setFaults(provider, [{ kind: 'duplicate', count: 5 }]);
  for (let each = 0; each < 20; each += 1) await ping(provider, receiver);
  await send(provider);
  expect(receiver.posts).toHaveLength(25);
  expect(await uses(provider)).toEqual([[5, 0]]);
});

test('a reset leaves no fault and nothing kept back', async () => {
  const provider = await sandbox.provider();
  const receiver = await receive(provider);
  await setFaults(provider, [{ kind: 'delay' }]);
  await ping(provider, receiver);
  await send(provider);
  await provider.call('POST', `/_sandbox/v1/providers/${provider.slug}/reset`);
  await send(provider, 60);
  expect(receiver.posts).toEqual([]);
  const event = await ping(provider, receiver);
  await send(provider);
  expect(await told(provider, event)).toEqual(['DELIVERED', [204, null]]);
});
