import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './child.ts';
import type { Client } from './client.ts';
import { flow, requestOf, requests } from './flow.ts';
import { inspectable, type LiveMemory, liveMemory } from './inspector.ts';
import { repeat } from './load.ts';
import { startReceiver } from './receiver.ts';
import type { Figure } from './report.ts';
import { clientOf, type Provider, type Sandbox, startSandbox } from './sandbox.ts';
import { type StoreSize, sizeOfStore } from './store-size.ts';
import { inWorkplace } from './workplace.ts';

const hours = 168;
const flowsAnHour = 40;
/** Of a sponsor that decides later, some of which expire within the next hours. */
const waitingAnHour = 16;
/** So few that retention has to keep up from the first hours on. */
const rowsKept = 2_000;
/** Longer than a busy server waits before it removes again. */
const quiet = 6_000;

/**
 * A week of a provider's clock on one process: every hour some flows with their webhooks, to a receiver that refuses
 * every twentieth, and then the clock is an hour further: decisions, expiries and retries fall due.
 */
export function week(): Promise<readonly Figure[]> {
  return inWorkplace(async ({ directory, using }) => {
    const receiver = using(await startReceiver((count) => count % 20 === 0));
    const port = await freePort();
    const settings = { RETENTION_ROWS: String(rowsKept), ...inspectable(port) };
    const sandbox = using(await startSandbox(directory, settings));
    const provider = await sandbox.provider('clinic-bench');
    const client = using(clientOf(sandbox, provider));
    await client.call('POST', '/webhooks/v1/subscriptions', { url: receiver.url, event_types: ['*'] });

    const errors: string[] = [];
    const recorded = new Set<string>();
    const looks: Look[] = [];
    let now = new Date().toISOString();
    for (let hour = 1; hour <= hours; hour += 1) {
      await anHour(client, provider, now, errors);
      const before = now;
      now = await advance(client, provider, 3_600);
      for (const id of await eventsSince(client, before)) recorded.add(id);
      if (hour === 24 || hour === hours) looks.push(await look(sandbox, directory, port));
    }
    // Whatever is still to be sent again.
    for (let more = 0; more < 3; more += 1) {
      const before = now;
      now = await advance(client, provider, 7_200);
      for (const id of await eventsSince(client, before)) recorded.add(id);
    }
    const lost = [...recorded].filter((id) => !receiver.events.has(id));
    for (const error of errors.slice(0, 5)) console.error(error);
    return figuresOf(looks, { errors: errors.length, recorded: recorded.size, lost: lost.length });
  });
}

async function anHour(client: Client, provider: Provider, now: string, errors: string[]): Promise<void> {
  const note = (error: unknown) => errors.push(String(error));
  const call = (...args: Parameters<Client['call']>) => client.call(...args);
  await repeat(flowsAnHour, 32, () => flow(call, provider).catch(note));
  const soon = new Date(Date.parse(now) + 5_400_000).toISOString();
  await repeat(waitingAnHour, 16, (index) => waiting(client, provider, index % 2 === 0, soon).catch(note));
}

/** An approval that comes within the hour, or one that is over within the next. */
async function waiting(client: Client, provider: Provider, later: boolean, soon: string): Promise<void> {
  const sponsor = later ? 'sponsor-sandbox-async' : 'sponsor-sandbox-do';
  const { authorization_request_id } = (await client.call(
    'POST',
    requests,
    requestOf(provider.beneficiary_id, sponsor),
  )) as { authorization_request_id: string };
  const { authorizations } = (await client.call(
    'POST',
    `${requests}/${authorization_request_id}/complete`,
  )) as { authorizations: { authorization_id: string }[] };
  if (later) return;
  const id = authorizations[0]?.authorization_id;
  await client.call('POST', `/_sandbox/v1/authorizations/${id}/update`, { expires_at: soon });
}

async function advance(client: Client, { slug }: Provider, seconds: number): Promise<string> {
  const answer = await client.call('POST', `/_sandbox/v1/providers/${slug}/clock/advance`, { seconds });
  return (answer as { now: string }).now;
}

/** Before the retention can have come to them. */
async function eventsSince(client: Client, from: string): Promise<string[]> {
  const ids: string[] = [];
  for (let page = 0; ; page += 1) {
    const query = `from=${encodeURIComponent(from)}&size=100&page=${page}`;
    const { content } = (await client.call('GET', `/webhooks/v1/events?${query}`)) as {
      content: { event_id: string }[];
    };
    ids.push(...content.map(({ event_id }) => event_id));
    if (content.length < 100) return ids;
  }
}

interface Look extends StoreSize {
  /** As it is met. */
  readonly memory: number;
  readonly live: LiveMemory;
}

/** Retention comes to every provider once a minute; a week that passes within one would meet it but once. */
const patience = 90_000;

async function look({ child }: Sandbox, directory: string, port: number): Promise<Look> {
  const sizes = () => sizeOfStore(join(directory, 'data'));
  const giveUpAt = performance.now() + patience;
  while ((sizes().rows.deliveries ?? 0) > rowsKept && performance.now() < giveUpAt) await sleep(500);
  await sleep(quiet);
  const memory = child.memory();
  return { ...sizes(), memory, live: await liveMemory(port) };
}

function figuresOf(
  [day, end]: readonly Look[],
  { errors, recorded, lost }: { errors: number; recorded: number; lost: number },
): readonly Figure[] {
  if (day === undefined || end === undefined) throw new Error('The week has no end');
  const measures: readonly [string, (look: Look) => number, string?][] = [
    ['resident memory', ({ memory }) => memory],
    ['resident memory, collected', ({ live }) => live.resident, 'at most 1.1'],
    ['heap, collected', ({ live }) => live.heap, 'at most 1.1'],
    ['tables that retention bounds', ({ bounded }) => bounded, 'at most 1.1'],
    ['tables of the business', ({ others }) => others],
    ['database file and its log', ({ files }) => files],
  ];
  return [
    ...measures.flatMap(([name, of, aim]): Figure[] => [
      { name: `${name}, hour 24`, value: of(day), unit: 'MB' },
      { name: `${name}, hour ${hours}`, value: of(end), unit: 'MB' },
      { name: `${name}, ratio`, value: of(end) / of(day), unit: '', ...(aim !== undefined && { aim }) },
    ]),
    ...Object.entries(end.rows)
      .filter(([, rows]) => rows > 0)
      .map(([table, rows]): Figure => ({ name: `rows of ${table} at the end`, value: rows, unit: '' })),
    { name: 'events recorded', value: recorded, unit: '' },
    { name: 'errors', value: errors, unit: '', mustBe: 0 },
    { name: 'events lost', value: lost, unit: '', mustBe: 0 },
  ];
}
