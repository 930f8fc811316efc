import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Json, onServer, type TestProvider } from '../harness.ts';
import { createLoad, type Load, seeded } from './load.ts';
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
  expect(await wrongStatuses(load)).toEqual([]);
  const dispensations = await allOf(provider, '/dispensing/v1/dispensations');
  const authorizations = await allOf(provider, '/arc/v1/authorizations');
  expect(wrongRedemptions(authorizations, dispensations)).toEqual([]);
  const expected = expectedEvents(load, authorizations, dispensations);
  await until('every event', () => receiver.events().length >= expected.length);
  expect(eventNames()).toEqual(expected);
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

const later: Readonly<Record<string, readonly string[]>> = {
  PENDING_INDICATION: ['PENDING_INDICATION', 'PENDING_SPONSOR', 'COMPLETED'],
  PENDING_SPONSOR: ['COMPLETED', 'APPROVED'],
  APPROVED: ['APPROVED', 'PARTIALLY_REDEEMED', 'REDEEMED'],
  STARTED: ['COMPLETED', 'CANCELLED'],
  COMPLETED: ['COMPLETED'],
};

async function wrongStatuses({ acknowledged }: Load): Promise<string[]> {
  const wrong: string[] = [];
  const rest = [...acknowledged];
  const reader = async () => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const [path, status] = next;
      const { body } = await provider.call('GET', path);
      if (!later[status]?.includes(body?.status)) wrong.push(`${path}: ${status}, now ${body?.status}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, reader));
  return wrong;
}

function wrongRedemptions(authorizations: readonly Json[], dispensations: readonly Json[]): string[] {
  const redeemed = new Map<string, number>();
  for (const { code, status, products } of dispensations) {
    if (status !== 'COMPLETED') continue;
    const quantity = products.reduce((sum: number, line: Json) => sum + line.quantity, 0);
    redeemed.set(code, (redeemed.get(code) ?? 0) + quantity);
  }
  return authorizations.flatMap(({ authorization_code: code, products: [line] }) => {
    const sum = redeemed.get(code) ?? 0;
    const right = sum <= line.authorized_quantity && sum === line.redeemed_quantity;
    return right
      ? []
      : [`${code}: ${sum} dispensed, ${line.redeemed_quantity} of ${line.authorized_quantity}`];
  });
}

/** One of each, whether the caller saw the answer or the kill came before it. */
function expectedEvents(
  { undecided }: Load,
  authorizations: readonly Json[],
  dispensations: readonly Json[],
): string[] {
  const decided = authorizations.filter(({ sponsor_slug }) => sponsor_slug === 'sponsor-sandbox-async');
  expect(decided.map(({ authorization_id }) => authorization_id)).toEqual(
    expect.arrayContaining([...undecided]),
  );
  return [
    ...decided.map(({ authorization_id }) => `authorization.created ${authorization_id}`),
    ...dispensations.flatMap(({ dispensation_id, status }) => [
      `dispensing.started ${dispensation_id}`,
      `dispensing.${status.toLowerCase()} ${dispensation_id}`,
    ]),
  ].sort();
}

function eventNames(): string[] {
  return receiver
    .events()
    .map(({ event_type, data }) => `${event_type} ${data.dispensation_id ?? data.authorization_id}`)
    .sort();
}
