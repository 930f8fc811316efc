import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from './client.ts';
import { type EmbeddedServer, startPostgres } from './embedded-server.ts';
import { flow, requests } from './flow.ts';
import { type Grown, grow } from './grown.ts';
import { startReceiver } from './receiver.ts';
import { type Recorded, recording } from './recording.ts';
import { type Figure, median } from './report.ts';
import { clientOf, type Sandbox, startSandbox } from './sandbox.ts';
import { singleCalls } from './single-calls.ts';
import { type Contender, type Taken, takeTurns } from './turns.ts';
import { inWorkplace, type Workplace } from './workplace.ts';

/** A million takes minutes to fill: with `--full` only. */
const sizes = { usual: [0, 100_000], full: [0, 100_000, 1_000_000] } as const;
const flowTurns = { rounds: 5, seconds: 3, warmup: 4, workers: 16 } as const;
const readTurns = { rounds: 5, seconds: 0.7, warmup: 0.7, workers: 8 } as const;
const aim = 'at most 1.10';

interface Options {
  readonly full: boolean;
}

/** What a call costs where there is nothing, and where there is much: side by side, in turns. */
export function growth({ full }: Options): Promise<readonly Figure[]> {
  return inWorkplace((place) => compare(place, full ? sizes.full : sizes.usual, async () => ({})));
}

/** The same on PostgreSQL, whose own time counts as well. */
export async function growthOnPostgres({ full }: Options): Promise<readonly Figure[]> {
  const server = await startPostgres();
  if (server === undefined) return [];
  const settings = async (name: string) => ({ DATABASE_URL: await server.database(name) });
  try {
    return await inWorkplace((place) => compare(place, full ? sizes.full : sizes.usual, settings, server));
  } finally {
    await server.stop();
  }
}

type Settings = Readonly<Record<string, string>>;

async function compare(
  place: Workplace,
  counts: readonly number[],
  settingsOf: (name: string) => Promise<Settings>,
  server?: EmbeddedServer,
): Promise<Figure[]> {
  const receiver = place.using(await startReceiver());
  const worlds: Grown[] = [];
  for (const count of counts) {
    const directory = join(place.directory, String(count));
    mkdirSync(directory);
    const settings = { ...keepsEverything, ...(await settingsOf(`sandbox_${count}`)) };
    worlds.push(await grow(directory, count, receiver, settings));
  }
  const filled = worlds.slice(1).map(
    ({ fillSeconds }, index): Figure => ({
      name: `filling ${labelOf(counts[index + 1])}`,
      value: fillSeconds,
      unit: 's',
    }),
  );
  return [...filled, ...(await measureGrown(place, counts, worlds, server))];
}

/** By default all but the last hundred thousand events would be removed meanwhile. */
const keepsEverything = { RETENTION_ROWS: '10000000' };

/** Of sandboxes that are filled and stopped. */
async function measureGrown(
  { using }: Workplace,
  counts: readonly number[],
  worlds: readonly Grown[],
  server?: EmbeddedServer,
): Promise<Figure[]> {
  const starts = await startTimes(worlds);
  const sandboxes: Sandbox[] = [];
  for (const world of worlds) sandboxes.push(using(await startSandbox(world.directory, world.settings)));
  const contenders = sandboxes.map((sandbox, index) => contenderOf(sandbox, worlds[index], using, server));

  const figures: Figure[] = [];
  const flows = await takeTurns(contenders, flowTurns, (index) => flowOf(worlds[index]));
  figures.push(...costs('mixed flow', counts, flows), ...rates('mixed flow', counts, flows));
  for (const [what, paths] of await readsOf(contenders, worlds)) {
    const taken = await takeTurns(contenders, readTurns, (index) => async (call) => {
      await call('GET', paths[index] ?? '');
    });
    figures.push(...costs(what, counts, taken));
  }
  for (const [what, times] of await singleCalls(sandboxes, worlds)) {
    figures.push(...compared(what, counts, times));
  }
  return [...figures, ...compared('start', counts, starts)];
}

function contenderOf(
  sandbox: Sandbox,
  world: Grown | undefined,
  using: Workplace['using'],
  server: EmbeddedServer | undefined,
): Contender & { client: Client } {
  if (world === undefined) throw new Error('No world');
  const client = using(clientOf(sandbox, world.provider, 16));
  const processorTime = () => sandbox.child.processorTime() + (server?.processorTime() ?? 0);
  return { client, processorTime };
}

function flowOf(world: Grown | undefined) {
  if (world === undefined) throw new Error('No world');
  return (call: Parameters<typeof flow>[0]) => flow(call, world.provider);
}

/** Paths by what is read, one for each world. */
async function readsOf(
  contenders: readonly Contender[],
  worlds: readonly Grown[],
): Promise<readonly (readonly [string, readonly string[]])[]> {
  const byWorld: (readonly (readonly [string, string])[])[] = [];
  for (const [index, { client }] of contenders.entries()) {
    byWorld.push(await pathsOf(client, worlds[index]));
  }
  return (byWorld[0] ?? []).map(([what], place) => [what, byWorld.map((paths) => paths[place]?.[1] ?? '')]);
}

async function pathsOf(
  client: Client,
  world: Grown | undefined,
): Promise<readonly (readonly [string, string])[]> {
  const { call, answers } = recording((...each) => client.call(...each));
  await flowOf(world)(call);
  const { authorization_request_id, authorizations } = completedIn(answers);
  const [authorization] = authorizations;
  const { settlement_id } = (await client.call('POST', '/v3/settlements', {
    sponsor_slug: 'sponsor-sandbox-do',
    period: '2026-01',
  })) as { settlement_id: string };
  return [
    ['request by id', `${requests}/${authorization_request_id}`],
    ['authorization by id', `/arc/v1/authorizations/${authorization?.authorization_id}`],
    ['authorization by code', `/arc/v1/authorizations?code=${authorization?.authorization_code}`],
    ['list of requests', requests],
    ['list of authorizations', '/arc/v1/authorizations'],
    ['list of dispensations', '/dispensing/v1/dispensations'],
    ['list of claims', '/arc/v1/claims'],
    ['pending authorizations', `/v3/settlements/${settlement_id}/pending-authorizations`],
    ['list of deliveries', '/webhooks/v1/deliveries'],
    ['list of events', '/webhooks/v1/events'],
  ];
}

interface Completed {
  readonly authorization_request_id: string;
  readonly authorizations: readonly { authorization_id: string; authorization_code: string }[];
}

function completedIn(answers: readonly Recorded[]): Completed {
  const completed = answers.find(({ path }) => path.endsWith('/complete'));
  if (completed === undefined) throw new Error('Nothing was completed');
  return completed.answer as Completed;
}

/** Medians of three, in turns. */
async function startTimes(worlds: readonly Grown[]): Promise<readonly number[]> {
  const times: number[][] = worlds.map(() => []);
  for (let round = 0; round < 3; round += 1) {
    for (const [index, { directory, settings }] of worlds.entries()) {
      const began = performance.now();
      const sandbox = await startSandbox(directory, settings);
      times[index]?.push(performance.now() - began);
      await sandbox.stop();
    }
  }
  return times.map(median);
}

function labelOf(count = 0): string {
  return count === 0 ? 'none' : count.toLocaleString('en').replaceAll(',', ' ');
}

function costs(what: string, counts: readonly number[], taken: readonly Taken[]): Figure[] {
  const values = taken.map(({ microseconds }) => microseconds / 1_000);
  const errors = taken.reduce((sum, each) => sum + each.errors.length, 0);
  const failed: Figure[] =
    errors === 0 ? [] : [{ name: `${what}: errors`, value: errors, unit: '', mustBe: 0 }];
  return [...compared(what, counts, values), ...failed];
}

function rates(what: string, counts: readonly number[], taken: readonly Taken[]): Figure[] {
  return taken.map(({ callsPerSecond }, index) => ({
    name: `${what}: calls with ${labelOf(counts[index])}`,
    value: callsPerSecond,
    unit: '/s',
  }));
}

/** Processor time or time of each, and how many times that of none. */
function compared(what: string, counts: readonly number[], values: readonly number[]): Figure[] {
  const base = values[0] ?? Number.NaN;
  return values.flatMap((value, index) => [
    { name: `${what}: ${labelOf(counts[index])}`, value, unit: 'ms' as const },
    ...(index === 0
      ? []
      : [{ name: `${what}: ratio ${labelOf(counts[index])}`, value: value / base, unit: '' as const, aim }]),
  ]);
}
