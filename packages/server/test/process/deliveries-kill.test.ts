import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Json, onServer, type TestProvider } from '../harness.ts';
import { seeded } from './load.ts';
import { allOf, newProgram, type Program, until } from './process-harness.ts';

/** Another seed kills at other moments. */
const seed = Number(process.env.KILL_SEED ?? 20_261_124);
// On PostgreSQL each costs a start and the time until others see that a process is gone.
const rounds = inject('dialect') === 'sqlite' ? 10 : 6;
const eventsPerRound = 36;
const random = seeded(seed);

interface Post {
  readonly event_id: string;
  readonly attempt: number;
  readonly body: string;
}

let program: Program;
let provider: TestProvider;
let receiver: { readonly url: string; readonly posts: Post[]; mend(): void; close(): Promise<void> };
const subscriptions: string[] = [];

beforeAll(async () => {
  program = await newProgram();
  receiver = await unsteadyReceiver();
  await program.start();
  provider = await program.provider();
  for (const path of ['steady', 'unsteady']) {
    const body = { url: `${receiver.url}/${path}`, event_types: ['*'] };
    subscriptions.push(
      (await provider.call('POST', '/webhooks/v1/subscriptions', body)).body.subscription_id,
    );
  }
});
afterAll(async () => {
  await program.remove();
  await receiver.close();
});

test(`kill -9 amid deliveries, ${rounds} times: each arrives, always the same bytes (seed ${seed})`, async () => {
  let acknowledged = 0;
  for (let round = 0; round < rounds; round += 1) {
    const before = receiver.posts.length;
    acknowledged += await emit();
    await until('deliveries on their way', () => receiver.posts.length > before);
    // The one moment that has to be at random.
    await pause(random() * 150);
    await program.end('SIGKILL');
    await passLeases();
    await program.start();
  }
  receiver.mend();
  await quiet();

  // What is claimed twice is no error: it would put off what is recorded with it.
  expect(program.output().stdout).not.toContain('due work failed');
  const deliveries = await allOf(provider, '/webhooks/v1/deliveries');
  expect(deliveries.length).toBeGreaterThanOrEqual(acknowledged);
  // One process alone records attempts, in order: what the kill came before is made again under the same number.
  for (const { delivery_id, status, attempts } of deliveries) {
    expect(status, delivery_id).toBe('DELIVERED');
    const numbers = attempts.map(({ number }: Json) => number);
    expect(numbers, delivery_id).toEqual(numbers.map((_: number, index: number) => index + 1));
    const last = attempts.at(-1);
    expect([last.error, last.response_status], delivery_id).toEqual([null, 204]);
  }
  const byEvent = Map.groupBy(receiver.posts, ({ event_id }) => event_id);
  const events = new Set(deliveries.map(({ event_id }) => event_id));
  expect(new Set(byEvent.keys())).toEqual(events);
  for (const { event_id, attempts } of deliveries) {
    const posts = byEvent.get(event_id) ?? [];
    expect(new Set(posts.map(({ body }) => body)).size, event_id).toBe(1);
    // What was recorded was sent, and nothing went out under a number that is not in the log.
    const sent = new Set(posts.map(({ attempt }) => attempt));
    expect(
      [...sent].sort((a, b) => a - b),
      event_id,
    ).toEqual(attempts.map(({ number }: Json) => number));
  }
  // The kills hit something: more was sent than was recorded.
  const recorded = deliveries.reduce((sum, { attempts }) => sum + attempts.length, 0);
  expect(receiver.posts.length).toBeGreaterThan(recorded);
}, 120_000);

/** Pings of both subscriptions, many at once; answers how many were acknowledged. */
async function emit(): Promise<number> {
  const pings = Array.from({ length: eventsPerRound }, (_, index) =>
    provider.call('POST', `/webhooks/v1/subscriptions/${subscriptions[index % 2]}/test`),
  );
  const replies = await Promise.all(pings);
  return replies.filter(({ status }) => status === 200).length;
}

/** What a killed process had claimed is given back after its lease where there may be others; this is that time. */
async function passLeases(): Promise<void> {
  const { DATABASE_URL } = program.environment;
  if (DATABASE_URL !== undefined) await onServer(DATABASE_URL, 'update due_work set lease_until_real = 0');
}

/** Nothing pending: neither now nor, of what had failed, in the hours that follow. */
async function quiet(): Promise<void> {
  // The database may have carried out a last claim of a killed process after the others were given back.
  await passLeases();
  await until(
    'everything to be delivered',
    async () => {
      await provider.advance(600);
      const { body } = await provider.call('GET', '/webhooks/v1/deliveries?status=PENDING&size=1');
      return body.page.total_elements === 0;
    },
    30,
  );
}

/** Answers at once, late, with failures or not at all, as the seed says; once mended, at once. */
async function unsteadyReceiver(): Promise<typeof receiver> {
  const posts: Post[] = [];
  let mended = false;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posts.push({
        event_id: String(request.headers['x-osigu-event-id']),
        attempt: Number(request.headers['x-osigu-delivery-attempt']),
        body: Buffer.concat(chunks).toString(),
      });
      const chance = random();
      const answer = (status: number) => response.writeHead(status).end();
      if (mended || request.url === '/steady') setTimeout(answer, mended ? 0 : 20 + chance * 60, 204);
      else if (chance < 0.2) answer(500);
      else if (chance < 0.3) response.destroy();
      else setTimeout(answer, chance * 200, 204);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    mend: () => {
      mended = true;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
