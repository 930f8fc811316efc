import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './client.ts';
import { type Figure, median, quantile } from './report.ts';
import { clientOf, type Sandbox, startSandbox } from './sandbox.ts';
import { inWorkplace } from './workplace.ts';

const providers = 11;
const perProvider = 9;
const rounds = 4;
const pingsPerRound = 12;

/**
 * How late events arrive at 99 receivers of eleven providers, from the answer of the call that caused them, while one
 * subscription never gets an answer and one gets it after three seconds, both with a queue that grows; and without them.
 */
export function fairness(): Promise<readonly Figure[]> {
  return inWorkplace(async ({ directory, using }) => {
    const receiver = using(await startReceiver());
    const sandbox = using(await startSandbox(directory));
    const healthy = await subscribeAll(sandbox, receiver.url, using);
    const victim = using(clientOf(sandbox, await sandbox.provider('clinic-dead')));
    const dead = await subscribe(victim, `${receiver.url}/dead`);
    const slow = await subscribe(victim, `${receiver.url}/slow`);

    const delays: Record<'with' | 'without', number[]> = { with: [], without: [] };
    await round(healthy, receiver);
    for (let index = 0; index < rounds; index += 1) {
      await act(victim, [dead, slow], 'pause');
      while (receiver.waiting() > 0) await sleep(100);
      delays.without.push(...(await round(healthy, receiver)));
      await act(victim, [dead, slow], 'resume');
      for (let count = 0; count < 20; count += 1) await act(victim, [dead, slow], 'test');
      delays.with.push(...(await round(healthy, receiver)));
    }
    const p99 = { with: quantile(delays.with, 0.99), without: quantile(delays.without, 0.99) };
    return [
      { name: 'p50 without a dead and a slow receiver', value: median(delays.without), unit: 'ms' },
      { name: 'p50 with them', value: median(delays.with), unit: 'ms' },
      { name: 'p99 without', value: p99.without, unit: 'ms' },
      { name: 'p99 with', value: p99.with, unit: 'ms' },
      { name: 'ratio of p99', value: p99.with / p99.without, unit: '', aim: '1' },
      { name: 'deliveries compared', value: delays.with.length, unit: '' },
      {
        name: 'most connections of a subscription',
        value: receiver.mostConnections(),
        unit: '',
        aim: 'at most 8',
      },
    ];
  });
}

interface Target {
  readonly client: Client;
  readonly subscription_id: string;
}

async function subscribeAll(
  sandbox: Sandbox,
  url: string,
  using: <T extends { stop(): Promise<void> }>(thing: T) => T,
): Promise<Target[]> {
  const targets: Target[] = [];
  for (let index = 0; index < providers; index += 1) {
    const client = using(clientOf(sandbox, await sandbox.provider(`clinic-${index}`), 4));
    for (let count = 0; count < perProvider; count += 1) {
      targets.push({ client, subscription_id: await subscribe(client, `${url}/ok`) });
    }
  }
  return targets;
}

async function subscribe(client: Client, url: string): Promise<string> {
  const created = await client.call('POST', '/webhooks/v1/subscriptions', { url, event_types: ['*'] });
  return (created as { subscription_id: string }).subscription_id;
}

async function act(client: Client, ids: readonly string[], action: string): Promise<void> {
  for (const id of ids) await client.call('POST', `/webhooks/v1/subscriptions/${id}/${action}`);
}

/** Pings at a steady pace, far below what the machine can do; the delay of each until it has arrived, ms. */
async function round(targets: readonly Target[], receiver: Receiver): Promise<number[]> {
  const waits: Promise<number>[] = [];
  for (let count = 0; count < pingsPerRound * targets.length; count += 1) {
    const target = targets[(count * 7) % targets.length];
    if (target === undefined) break;
    waits.push(ping(target, receiver));
    if (count % 2 === 1) await sleep(10);
  }
  return Promise.all(waits);
}

async function ping({ client, subscription_id }: Target, receiver: Receiver): Promise<number> {
  const url = `/webhooks/v1/subscriptions/${subscription_id}/test`;
  const { event_id } = (await client.call('POST', url)) as { event_id: string };
  const answered = performance.now();
  return Math.max((await receiver.arrival(event_id)) - answered, 0);
}

interface Receiver {
  readonly url: string;
  /** When it came, by `performance.now`. */
  arrival(event_id: string): Promise<number>;
  /** Deliveries that get no answer. */
  waiting(): number;
  mostConnections(): number;
  stop(): Promise<void>;
}

/** Answers by path: at once, after three seconds, never. */
async function startReceiver(): Promise<Receiver> {
  const arrived = new Map<string, number>();
  const awaited = new Map<string, (moment: number) => void>();
  let waiting = 0;
  let most = 0;
  const server = createServer((request, response) => {
    const event_id = String(request.headers['x-osigu-event-id']);
    request.resume().on('end', () => {
      if (request.url === '/slow') setTimeout(() => response.writeHead(204).end(), 3_000);
      if (request.url === '/dead') {
        waiting += 1;
        most = Math.max(most, waiting);
        request.socket.once('close', () => {
          waiting -= 1;
        });
      }
      if (request.url !== '/ok') return;
      const now = performance.now();
      arrived.set(event_id, now);
      awaited.get(event_id)?.(now);
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    arrival: (event_id) =>
      new Promise((resolve) => {
        const moment = arrived.get(event_id);
        if (moment === undefined) awaited.set(event_id, resolve);
        else resolve(moment);
      }),
    waiting: () => waiting,
    mostConnections: () => most,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
