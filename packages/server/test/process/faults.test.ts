import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Json, onServer, type TestProvider } from '../harness.ts';
import { type VerifyingReceiver, verifyingReceiver } from '../verifying-receiver.ts';
import { seeded } from './load.ts';
import { allOf, newProgram, type Program, until } from './process-harness.ts';

/** Another seed kills at other moments. */
const seed = Number(process.env.KILL_SEED ?? 20_260_115);
const rounds = 4;
const kinds = ['out_of_order', 'delay', 'tampered_signature', 'stale_timestamp', 'duplicate'] as const;

let program: Program;
let provider: TestProvider;
let receiver: VerifyingReceiver;

beforeAll(async () => {
  program = await newProgram();
  await program.start();
  provider = await program.provider();
  receiver = await verifyingReceiver(provider);
});
afterAll(async () => {
  await program.remove();
  receiver.close();
});

test(`kill -9 among faulty deliveries loses no event, no fault and no byte (seed ${seed})`, async () => {
  const random = seeded(seed);
  const url = `/_sandbox/v1/providers/${provider.slug}/faults`;
  const deliveries = kinds.map((kind) => ({ kind, count: 12, delay_ms: kind === 'delay' ? 300 : undefined }));
  expect((await provider.call('PUT', url, { deliveries })).status).toBe(200);
  let acknowledged = 0;
  for (let round = 0; round < rounds; round += 1) {
    const pinging = Array.from({ length: 25 }, () =>
      provider.call('POST', `/webhooks/v1/subscriptions/${receiver.subscription_id}/test`).then(
        ({ status }) => {
          if (status < 300) acknowledged += 1;
        },
        () => undefined,
      ),
    );
    const before = { posts: receiver.posts.length, acknowledged };
    await until(
      'deliveries to cut off',
      () => receiver.posts.length > before.posts + 3 && acknowledged > before.acknowledged + 5,
    );
    // The one moment that has to be at random.
    await pause(random() * 150);
    await program.end('SIGKILL');
    await Promise.all(pinging);
    await program.start();
  }
  await passLeases();
  await until('the deliveries', async () => {
    await provider.advance(600);
    const { body } = await provider.call('GET', '/webhooks/v1/deliveries?status=PENDING&size=1');
    return body.page.total_elements === 0;
  });

  const log = await allOf(provider, '/webhooks/v1/deliveries');
  expect(log.length).toBeGreaterThanOrEqual(acknowledged);
  expect(acknowledged).toBeGreaterThan(rounds * 5);
  const genuine = receiver.posts.filter(({ verdict }) => verdict === 'genuine');
  expect(new Set(genuine.map(({ event_id }) => event_id))).toEqual(
    new Set(log.map(({ event_id }: Json) => event_id)),
  );
  expect(new Set(receiver.posts.map(({ text }) => text)).size).toBe(log.length);
  expect(new Set(log.map(({ status }: Json) => status))).toEqual(new Set(['DELIVERED']));
  // Every use that was taken ended as an attempt that says so.
  const logged = log.flatMap(({ attempts }: Json) => attempts.map(({ fault }: Json) => fault));
  const { body } = await provider.call('GET', url);
  expect(kinds.map((kind) => logged.filter((fault) => fault === kind).length)).toEqual(
    body.deliveries.map(({ used }: Json) => used),
  );
  expect(body.deliveries.map(({ used }: Json) => used > 0)).toEqual(kinds.map(() => true));
}, 60_000);

/** See kill.test.ts: on a shared database what the killed process had claimed is given back after its lease. */
async function passLeases(): Promise<void> {
  const { DATABASE_URL } = program.environment;
  if (DATABASE_URL !== undefined) await onServer(DATABASE_URL, 'update due_work set lease_until_real = 0');
}
