import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { prescribe } from '../flows.ts';
import type { TestProvider } from '../harness.ts';
import { decidedLater, eventNames, expectedEvents, wrongRedemptions, wrongStatuses } from './books.ts';
import { type Fleet, type Member, startFleet } from './fleet.ts';
import { createLoad, type Load, seeded } from './load.ts';
import { allOf, until } from './process-harness.ts';
import { type Receiver, startReceiver } from './receiver.ts';

/** Another seed kills others; `CHAOS_SECONDS=60` is the full minute. */
const seed = Number(process.env.KILL_SEED ?? 20_270_104);
const seconds = Number(process.env.CHAOS_SECONDS ?? 6);
const between = 2_000;
const clinics = 4;
/** Of each clinic. */
const users = { dispensing: 12, prescribing: 4 };

interface Clinic {
  readonly provider: TestProvider;
  readonly receiver: Receiver;
  readonly load: Load;
  /** Ids that were acknowledged. */
  readonly prescriptions: Set<string>;
}

let fleet: Fleet;
let all: readonly Clinic[] = [];
let going = true;

async function openClinic(random: () => number): Promise<Clinic> {
  const provider = await fleet.provider();
  const receiver = await startReceiver();
  await receiver.subscribe(provider);
  return { provider, receiver, load: createLoad(provider, random), prescriptions: new Set() };
}

async function prescribeOne({ provider, prescriptions }: Clinic): Promise<string> {
  const { prescription_id } = await prescribe(provider);
  prescriptions.add(prescription_id);
  return prescription_id;
}

/** Writes one after the other, and reads. */
async function prescriber(clinic: Clinic): Promise<void> {
  const { provider } = clinic;
  while (going) {
    await provider.call('GET', `/ehr/v1/prescriptions/${await prescribeOne(clinic)}`);
    await provider.call('GET', '/arc/v1/authorizations?size=20');
    await provider.call('GET', '/webhooks/v1/deliveries?size=20');
  }
}

function prescribers(clinic: Clinic, howMany: number): Promise<unknown> {
  return Promise.all(Array.from({ length: howMany }, () => prescriber(clinic)));
}

function work(clinic: Clinic): Promise<unknown> {
  return Promise.all([clinic.load.run(users.dispensing), prescribers(clinic, users.prescribing)]);
}

/** Milliseconds until it serves again. */
const starts: number[] = [];

async function restart(member: Member): Promise<void> {
  const begun = performance.now();
  await member.start();
  starts.push(performance.now() - begun);
}

/** One at random every two seconds, started again at once; answers how many. */
async function killMembers(random: () => number): Promise<number> {
  const restarts: Promise<void>[] = [];
  const begun = performance.now();
  for (let at = between; at <= seconds * 1_000; at += between) {
    await pause(begun + at - performance.now());
    const up = fleet.members.filter((member) => member.isUp());
    const victim = up[Math.floor(random() * up.length)];
    await victim?.kill();
    if (victim !== undefined) restarts.push(restart(victim));
  }
  await Promise.all(restarts);
  return restarts.length;
}

/** Each acknowledged effect is there once, nothing is there that nobody did, and every event arrived. */
async function check({ provider, receiver, load, prescriptions }: Clinic): Promise<void> {
  expect(load.violations).toEqual([]);
  expect(await wrongStatuses(provider, load)).toEqual([]);
  const dispensations = await allOf(provider, '/dispensing/v1/dispensations');
  const authorizations = await allOf(provider, '/arc/v1/authorizations');
  const requests = await allOf(provider, '/arc/v1/authorization-requests');
  const prescribed = await allOf(provider, '/ehr/v1/prescriptions');
  // Every call was made again until it was answered, so that the books are whole: none is missing, none was done twice.
  const paths = [
    ...requests.map((row) => `/arc/v1/authorization-requests/${row.authorization_request_id}`),
    ...authorizations.map((row) => `/arc/v1/authorizations/${row.authorization_id}`),
    ...dispensations.map((row) => `/dispensing/v1/dispensations/${row.dispensation_id}`),
  ];
  expect(paths.sort()).toEqual([...load.acknowledged.keys()].sort());
  expect(prescribed.map((row) => row.prescription_id).sort()).toEqual([...prescriptions].sort());
  expect(decidedLater(authorizations).sort()).toEqual([...load.undecided].sort());
  expect(wrongRedemptions(authorizations, dispensations)).toEqual([]);
  const expected = [
    ...expectedEvents(authorizations, dispensations),
    ...prescribed.map((row) => `prescription.issued ${row.prescription_id}`),
  ].sort();
  await until('every event', () => issued(receiver).length >= expected.length);
  expect(issued(receiver)).toEqual(expected);
  expect(receiver.complaints()).toEqual([]);
}

/** Mails of prescriptions are another story. */
function issued(receiver: Receiver): string[] {
  return eventNames(
    receiver.events().filter(({ event_type }) => !event_type.startsWith('prescription.email')),
  );
}

/** Decisions and timeouts fall due, and what is to be delivered is, within the lease of whoever was killed. */
async function settle(clinic: Clinic): Promise<void> {
  await clinic.provider.advance(31 * 60);
  await delivered(clinic);
}

function delivered({ provider }: Clinic): Promise<boolean> {
  return until(
    'the deliveries',
    async () => {
      const { body } = await provider.call('GET', '/webhooks/v1/deliveries?status=PENDING&size=1');
      return body.page.total_elements === 0;
    },
    25,
  );
}

// Only there do several processes share a database.
if (inject('dialect') === 'postgres') {
  beforeAll(async () => {
    fleet = await startFleet(['start', 'start', 'serve', 'work']);
    const random = seeded(seed);
    all = await Promise.all(Array.from({ length: clinics }, () => openClinic(random)));
  });
  afterAll(async () => {
    await fleet.remove();
    await Promise.all(all.map(({ receiver }) => receiver.close()));
  });

  const title = `64 users, 4 processes, one of them killed every 2 s for ${seconds} s (seed ${seed})`;
  test(title, { timeout: 60_000 + seconds * 3_000 }, async () => {
    const started = performance.now();
    const running = Promise.all(all.map(work));
    const kills = await killMembers(seeded(seed + 1));
    going = false;
    for (const { load } of all) load.killIsNear();
    await running;
    const quiet = performance.now();
    await Promise.all(all.map(settle));
    const settled = performance.now() - quiet;
    await Promise.all(all.map(check));
    expect(fleet.complaints).toEqual([]);
    // The kills met something.
    expect(fleet.broken()).toBeGreaterThan(kills);
    expect(settled).toBeLessThan(25_000);
    if (process.env.CHAOS_SECONDS !== undefined) report(kills, settled, performance.now() - started);
  });

  test('what a killed process was delivering others deliver, long before its lease ends', async () => {
    const [first, , , working] = fleet.members;
    for (const { receiver } of all) receiver.hold();
    await Promise.all(all.flatMap((clinic) => Array.from({ length: 8 }, () => prescribeOne(clinic))));
    await until('deliveries on their way', () => all.every(({ receiver }) => receiver.held() >= 4));
    const killed = performance.now();
    await Promise.all([first?.kill(), working?.kill()]);
    for (const { receiver } of all) receiver.release();
    await Promise.all(all.map(delivered));
    expect(performance.now() - killed).toBeLessThan(15_000);
    await Promise.all([first?.start(), working?.start()]);
    expect(fleet.complaints).toEqual([]);
  }, 60_000);

  test('SIGTERM under load: exit 0 within 15 s, no call broken, the others go on with what was due', async () => {
    const [first, second, serving, working] = fleet.members;
    const written = () => all.reduce((sum, { prescriptions }) => sum + prescriptions.size, 0);
    going = true;
    const running = Promise.all(all.map((clinic) => prescribers(clinic, 8)));
    for (const member of [first, working, serving]) {
      const before = written();
      await until('calls to be on their way', () => written() > before + 20);
      const asked = performance.now();
      expect(await member?.stop()).toEqual({ code: 0, signal: null });
      expect(performance.now() - asked).toBeLessThan(15_000);
    }
    expect(second?.isUp()).toBe(true);
    going = false;
    await running;
    expect(fleet.complaints).toEqual([]);
    for (const { receiver, prescriptions } of all) {
      const told = () => issued(receiver).filter((name) => name.startsWith('prescription.issued'));
      await until('every event', () => told().length === prescriptions.size);
    }
  }, 60_000);
}

function report(kills: number, settled: number, whole: number): void {
  const sum = (count: (clinic: Clinic) => number) => all.reduce((total, clinic) => total + count(clinic), 0);
  const parts = [
    `${kills} kills`,
    `${fleet.broken()} calls broken by them`,
    `${sum(({ load, prescriptions }) => load.acknowledged.size + prescriptions.size)} things acknowledged`,
    `${sum(({ receiver }) => receiver.events().length)} events`,
    `a restart took ${(Math.max(...starts) / 1_000).toFixed(1)} s at most`,
    `settled in ${(settled / 1_000).toFixed(1)} s`,
    `${(whole / 1_000).toFixed(0)} s in all`,
  ];
  process.stdout.write(`${parts.join(', ')}\n`);
}
