import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Stripe } from 'stripe';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openReceiver, type Received, type Receiver } from '../src/webhooks/test-bed.ts';
import { startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { until } from './process/process-harness.ts';

/** The function that the guide gives integrators, as it stands there. */
type IsGenuine = (header: string | undefined, body: Buffer, secret: string, now?: number) => boolean;

let isGenuine: IsGenuine;
let sandbox: TestSandbox;
let receiver: Receiver;
let provider: TestProvider;
let subscription_id: string;
let secret: string;

beforeAll(async () => {
  isGenuine = await fromTheGuide();
  sandbox = await startSandbox({ worker: true });
  receiver = await openReceiver();
});
afterAll(async () => {
  await receiver.close();
  await sandbox.stop();
});
beforeEach(async () => {
  provider = await sandbox.provider();
  const { body } = await provider.call('POST', '/webhooks/v1/subscriptions', {
    url: receiver.url,
    event_types: ['*'],
  });
  ({ subscription_id, secret } = body);
});

async function fromTheGuide(): Promise<IsGenuine> {
  const guide = await readFile(join(import.meta.dirname, '../../../docs/webhooks.md'), 'utf8');
  const blocks = [...guide.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  const code = blocks.find((block) => block.includes('isGenuine')) ?? '';
  const given = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    isGenuine: IsGenuine;
  };
  return given.isGenuine;
}

/** The next delivery, which the call brings about. */
async function delivered(): Promise<Received> {
  const before = receiver.received.length;
  await provider.call('POST', `/webhooks/v1/subscriptions/${subscription_id}/test`);
  return until('a delivery', () => receiver.received[before]);
}

async function rotate(grace_hours?: number): Promise<string> {
  const url = `/webhooks/v1/subscriptions/${subscription_id}/rotate-secret`;
  return (await provider.call('POST', url, grace_hours === undefined ? {} : { grace_hours })).body.secret;
}

const headerOf = ({ headers }: Received) => String(headers['x-osigu-signature']);

/** What the guide's function says, and a library of somebody else for the same scheme. */
function verdicts(post: Received, by: string): { guide: boolean; library: boolean } {
  const verified = () => Stripe.webhooks.signature?.verifyHeader(post.body, headerOf(post), by, 300) ?? false;
  return { guide: isGenuine(headerOf(post), Buffer.from(post.body), by), library: attempt(verified) };
}

function attempt(verified: () => boolean): boolean {
  try {
    return verified();
  } catch {
    return false;
  }
}

const genuine = { guide: true, library: true };
const forged = { guide: false, library: false };

test('every delivery is verified by its secret and by no other, before, in and after a rotation', async () => {
  const before = await delivered();
  expect(verdicts(before, secret)).toEqual(genuine);
  expect(verdicts(before, 'whsec_of_somebody_else')).toEqual(forged);

  const second = await rotate();
  const during = await delivered();
  expect(headerOf(during)).toMatch(/^t=\d+,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
  expect([verdicts(during, secret), verdicts(during, second)]).toEqual([genuine, genuine]);

  await passGrace();
  const after = await delivered();
  expect(headerOf(after)).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
  expect([verdicts(after, secret), verdicts(after, second)]).toEqual([forged, genuine]);

  const third = await rotate(0);
  const atOnce = await delivered();
  expect([verdicts(atOnce, second), verdicts(atOnce, third)]).toEqual([forged, genuine]);
});

/** The grace is real time: as if it had passed. */
async function passGrace(): Promise<void> {
  await sandbox.sandbox.units.store.db
    .updateTable('subscription_secrets')
    .set({ expires_at_real: Date.now() - 1 })
    .where('subscription_id', '=', subscription_id)
    .where('expires_at_real', 'is not', null)
    .execute();
}

test('other bytes, another time and a stale time are refused', async () => {
  const post = await delivered();
  const header = headerOf(post);
  const later = header.replace(/^t=(\d+)/, (_, t) => `t=${Number(t) + 1}`);
  for (const changed of [
    { ...post, body: post.body.replace('test.ping', 'test.pong') },
    { ...post, body: JSON.stringify(JSON.parse(post.body), null, 1) },
    { ...post, headers: { 'x-osigu-signature': later } },
    {
      ...post,
      headers: {
        'x-osigu-signature': header.replace(/v1=(.)/, (_, digit) => `v1=${digit === '0' ? '1' : '0'}`),
      },
    },
    { ...post, headers: { 'x-osigu-signature': '' } },
  ]) {
    expect(verdicts(changed, secret)).toEqual(forged);
  }
  const t = Number(/^t=(\d+)/.exec(header)?.[1]);
  const body = Buffer.from(post.body);
  expect([t + 300, t - 300].map((now) => isGenuine(header, body, secret, now))).toEqual([true, true]);
  expect([t + 301, t - 301].map((now) => isGenuine(header, body, secret, now))).toEqual([false, false]);
});

test('a provider whose clock is far ahead is verified all the same', async () => {
  await provider.advance(10 * 86_400);
  expect(verdicts(await delivered(), secret)).toEqual(genuine);
});

test('the check value of the guide holds', async () => {
  const v1 = '9347fa831a1efc84d1380af019219ad3fb396890a7081d98b0113023671ea96b';
  const guide = await readFile(join(import.meta.dirname, '../../../docs/webhooks.md'), 'utf8');
  const [, printed = ''] = new RegExp(`${v1}[\\s\\S]*?\`\`\`json\n([\\s\\S]*?)\`\`\``).exec(guide) ?? [];
  const body = Buffer.from(JSON.stringify(JSON.parse(printed)));
  const header = `t=1767225600,v1=${v1}`;
  expect(isGenuine(header, body, 'whsec_test_3f1c9a77d2b84e0c', 1_767_225_600)).toBe(true);
});
