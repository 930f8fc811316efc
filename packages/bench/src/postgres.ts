import { startBare } from './bare.ts';
import { createClient } from './client.ts';
import { type EmbeddedServer, startPostgres } from './embedded-server.ts';
import { flow } from './flow.ts';
import { startReceiver } from './receiver.ts';
import { eventsIn } from './recorded.ts';
import { recording } from './recording.ts';
import type { Figure } from './report.ts';
import { type Provider, type Sandbox, startSandbox } from './sandbox.ts';
import { type Taken, takeTurns } from './turns.ts';
import { figuresOf, sideOf, versus } from './versus.ts';
import { inWorkplace } from './workplace.ts';

const processCounts = [1, 2, 4] as const;
const connections = 32;
const turns = { rounds: 3, seconds: 4, warmup: 3, workers: connections } as const;

/** The mixed flow with every process of the sandbox on one PostgreSQL that is as durable as it comes. */
export async function postgres(): Promise<readonly Figure[]> {
  const server = await startPostgres();
  if (server === undefined) return [];
  try {
    const figures = [...(await alone(server))];
    for (const count of processCounts) figures.push(...(await together(server, count)));
    return figures;
  } finally {
    await server.stop();
  }
}

/** One process against bare Fastify, as the mixed flow on SQLite. */
function alone(server: EmbeddedServer): Promise<readonly Figure[]> {
  return inWorkplace(async ({ directory, using }) => {
    const DATABASE_URL = await server.database('alone');
    const receiver = using(await startReceiver());
    const sandbox = using(await startSandbox(directory, { DATABASE_URL }));
    const provider = await sandbox.provider('clinic-bench');
    const side = sideOf(sandbox.url, sandbox.child, provider.token);
    using(side.client);
    await side.client.call('POST', '/webhooks/v1/subscriptions', { url: receiver.url, event_types: ['*'] });
    const { call, answers } = recording((...sent) => side.client.call(...sent));
    await flow(call, provider);
    const bare = using(await startBare(directory, answers));
    const other = sideOf(bare.url, bare.child, provider.token);
    using(other.client);
    return figuresOf(await versus(side, other, (each) => flow(each, provider)), '0.5');
  });
}

/** So many processes that each serve and work, and clients spread over them. */
function together(server: EmbeddedServer, count: number): Promise<readonly Figure[]> {
  return inWorkplace(async ({ directory, using }) => {
    const DATABASE_URL = await server.database(`together_${count}`);
    const receiver = using(await startReceiver());
    const sandboxes: Sandbox[] = [];
    for (let index = 0; index < count; index += 1) {
      sandboxes.push(using(await startSandbox(directory, { DATABASE_URL })));
    }
    const [first] = sandboxes;
    if (first === undefined) return [];
    const provider = await first.provider('clinic-bench');
    const client = using(spread(sandboxes, provider));
    await client.call('POST', '/webhooks/v1/subscriptions', { url: receiver.url, event_types: ['*'] });
    const processorTime = () =>
      sandboxes.reduce((sum, { child }) => sum + child.processorTime(), server.processorTime());
    const [taken] = await takeTurns([{ client, processorTime }], turns, () => (call) => flow(call, provider));
    const recorded = await eventsIn(DATABASE_URL);
    await receiver.until(recorded).catch((error: unknown) => console.error(String(error)));
    return taken === undefined ? [] : figuresFor(count, taken, recorded - receiver.events.size);
  });
}

function figuresFor(count: number, taken: Taken, lost: number): Figure[] {
  const name = `${count} ${count === 1 ? 'process' : 'processes'}`;
  return [
    { name: `${name}, calls`, value: taken.callsPerSecond, unit: '/s' },
    { name: `${name}, p50`, value: taken.p50, unit: 'ms' },
    { name: `${name}, p99`, value: taken.p99, unit: 'ms' },
    {
      name: `${name}, processor time of a call with that of the database`,
      value: taken.microseconds / 1_000,
      unit: 'ms',
    },
    { name: `${name}, errors`, value: taken.errors.length, unit: '', mustBe: 0 },
    { name: `${name}, events not delivered`, value: lost, unit: '', mustBe: 0 },
  ];
}

/** One call after the other goes to the next process. */
function spread(sandboxes: readonly Sandbox[], { token }: Provider) {
  const clients = sandboxes.map(({ url }) =>
    createClient(url, {
      authorization: `Bearer ${token}`,
      connections: Math.ceil(connections / sandboxes.length),
    }),
  );
  let next = 0;
  return {
    call: (...sent: Parameters<(typeof clients)[number]['call']>) => {
      next = (next + 1) % clients.length;
      const client = clients[next];
      if (client === undefined) throw new Error('No process');
      return client.call(...sent);
    },
    stop: async () => {
      for (const client of clients) await client.stop();
    },
  };
}
