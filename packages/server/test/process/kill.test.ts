import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onServer, type TestProvider } from '../harness.ts';
import { decidedLater, eventNames, expectedEvents, wrongRedemptions, wrongStatuses } from './books.ts';
import { createLoad, seeded } from './load.ts';
import { allOf, newProgram, type Program, until } from './process-harness.ts';
import { type Receiver, startReceiver } from './receiver.ts';

/** Another seed kills at other moments. */
const seed = Number(process.env.KILL_SEED ?? 20_260_115);
const rounds = 4;

let program: Program;
let receiver: Receiver;
let provider: TestProvider;

beforeAll(async () => {
  program = await newProgram();
  receiver = await startReceiver();
  await program.start();
  provider = await program.provider();
  await receiver.subscribe(provider);
});
afterAll(async () => {
  await program.remove();
  await receiver.close();
});

test(`kill -9 under load loses nothing acknowledged and redeems nothing twice (seed ${seed})`, async () => {
  const random = seeded(seed);
  const load = createLoad(provider, random);
  for (let round = 0; round < rounds; round += 1) {
    const before = load.acknowledged.size;
    const running = load.run(16);
    await until('effects to lose', () => load.acknowledged.size > before + 16);
    // The one moment that has to be at random.
    await pause(200 + random() * 1_100);
    load.killIsNear();
    await program.end('SIGKILL');
    await running;
    await program.start();
  }
  expect(load.violations).toEqual([]);
  expect(load.broken()).toBeGreaterThan(rounds);
  expect(load.undecided.size).toBeGreaterThan(rounds);

  await passLeases();
  await settle();
  expect(await wrongStatuses(provider, load)).toEqual([]);
  const dispensations = await allOf(provider, '/dispensing/v1/dispensations');
  const authorizations = await allOf(provider, '/arc/v1/authorizations');
  expect(wrongRedemptions(authorizations, dispensations)).toEqual([]);
  expect(decidedLater(authorizations)).toEqual(expect.arrayContaining([...load.undecided]));
  const expected = expectedEvents(authorizations, dispensations);
  await until('every event', () => receiver.events().length >= expected.length);
  expect(eventNames(receiver.events())).toEqual(expected);
  expect(receiver.complaints()).toEqual([]);
}, 60_000);

/**
 * Where other processes may be alive, what the killed one had claimed is given back after its lease; this is that
 * time. The embedded store has one process, which takes its own work back when it starts.
 */
async function passLeases(): Promise<void> {
  const { DATABASE_URL } = program.environment;
  if (DATABASE_URL !== undefined) await onServer(DATABASE_URL, 'update due_work set lease_until_real = 0');
}

/** Decisions (30 s) and the timeouts of what was left open (30 min) fall due, and everything is delivered. */
async function settle(): Promise<void> {
  await provider.advance(31 * 60);
  await until('the deliveries', async () => {
    const { body } = await provider.call('GET', '/webhooks/v1/deliveries?status=PENDING&size=1');
    return body.page.total_elements === 0;
  });
}
