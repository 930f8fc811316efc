import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Client } from './client.ts';
import { type Figure, median } from './report.ts';
import { clientOf, startSandbox } from './sandbox.ts';
import { inWorkplace } from './workplace.ts';

const few = 1_000;
const many = 1_000_000;
const rounds = 40;
const subscriptions = 10;

/**
 * Lists of deliveries with every kind of filter, of a provider with a thousand and of one with a million: the first
 * page over HTTP. What is counted is counted up to ten thousand.
 */
export function listing(): Promise<readonly Figure[]> {
  return inWorkplace(async ({ directory, using }) => {
    const sandbox = await startSandbox(directory);
    const slugs = ['clinic-few', 'clinic-many'] as const;
    const providers = [];
    for (const slug of slugs) providers.push(await sandbox.provider(slug));
    const worlds = [];
    for (const provider of providers) worlds.push(await subscribe(clientOf(sandbox, provider, 1)));
    await sandbox.stop();

    const database = new DatabaseSync(join(directory, 'data', 'sandbox.sqlite'));
    for (const [index, count] of [few, many].entries()) {
      fill(database, slugs[index] ?? '', worlds[index] ?? [], count);
    }
    database.close();

    const again = using(await startSandbox(directory));
    const clients = providers.map((provider) => using(clientOf(again, provider, 1)));
    const figures: Figure[] = [];
    for (const name of Object.keys(filtersOf(''))) {
      const paths = worlds.map((ids) => `/webhooks/v1/${filtersOf(ids[0] ?? '')[name]}`);
      figures.push(...(await compare(name, clients, paths)));
    }
    return figures;
  });
}

/** By what the reader is told. */
function filtersOf(subscription_id: string): Readonly<Record<string, string>> {
  const one = `deliveries?subscription_id=${subscription_id}`;
  return {
    'no filter': 'deliveries',
    'a subscription': one,
    'a frequent status': 'deliveries?status=DELIVERED',
    'a rare status': 'deliveries?status=ABANDONED',
    'a type': 'deliveries?event_type=settlement.paid',
    'a subscription, rare status and type': `${one}&status=ABANDONED&event_type=authorization.created`,
    'a period': `deliveries?from=${at(few / 2)}&to=${at(few / 2 + 200)}`,
    'a subscription and period': `${one}&from=${at(few / 2)}&to=${at(few / 2 + 200)}`,
    'the last page': 'deliveries?page=65',
    'events of a period': `events?from=${at(few / 2)}&to=${at(few / 2 + 200)}`,
    events: 'events',
  };
}

const start = Date.now() - 86_400_000 * 20;
const at = (index: number) => new Date(start + index).toISOString();

async function compare(
  name: string,
  clients: readonly Client[],
  paths: readonly string[],
): Promise<Figure[]> {
  const times: number[][] = [[], []];
  for (let round = -5; round < rounds; round += 1) {
    for (const [index, client] of clients.entries()) {
      const began = performance.now();
      await client.call('GET', paths[index] ?? '');
      if (round >= 0) times[index]?.push(performance.now() - began);
    }
  }
  const [small = Number.NaN, large = Number.NaN] = times.map(median);
  return [
    { name: `${name}: of a thousand`, value: small, unit: 'ms' },
    { name: `${name}: of a million`, value: large, unit: 'ms' },
    { name: `${name}: ratio`, value: large / small, unit: '' },
  ];
}

async function subscribe(client: Client): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < subscriptions; index += 1) {
    const body = { url: 'http://127.0.0.1:9/', event_types: ['*'] };
    const created = await client.call('POST', '/webhooks/v1/subscriptions', body);
    ids.push((created as { subscription_id: string }).subscription_id);
  }
  await client.stop();
  return ids;
}

/** A delivery a millisecond; of a thousand one is given up and one is of a paused subscription. */
function fill(
  database: DatabaseSync,
  slug: string,
  subscription_ids: readonly string[],
  count: number,
): void {
  database.exec('pragma foreign_keys = off; pragma synchronous = off');
  database.exec(`
    with recursive number(n) as (select 0 union all select n + 1 from number where n + 1 < ${count}),
      kind(n, event_type) as (select key, value from json_each('${JSON.stringify(types)}')),
      target(n, subscription_id) as (select key, value from json_each('${JSON.stringify(subscription_ids)}')),
      owner as (select provider_id, substr(provider_id, 5, 10) as mark from providers where provider_slug = '${slug}')
    insert into deliveries (delivery_id, provider_id, subscription_id, event_id, event_type, status, attempts,
      created_at, first_attempt_at, next_attempt_at)
    select printf('dlv_%s%016d', substr(mark, 1, 10), number.n), provider_id, subscription_id,
      printf('evt_%s%016d', mark, number.n), event_type,
      case when number.n % 1000 = 500 then 'ABANDONED' when number.n % 1000 = 700 then 'PENDING' else 'DELIVERED' end, 1,
      ${start} + number.n, ${start} + number.n,
      case when number.n % 1000 = 700 then ${start} + 3153600000000 end
    from number join kind on kind.n = (number.n / 10) % ${types.length}
      join target on target.n = number.n % ${subscription_ids.length} cross join owner`);
  database.exec(`
    insert into events (event_id, provider_id, event_type, resource_id, created_at, body)
    select event_id, provider_id, event_type, 'auth_1', created_at, '${envelope}' from deliveries
    where provider_id = (select provider_id from providers where provider_slug = '${slug}')`);
}

const types = ['authorization.created', 'authorization.voided', 'dispensing.completed', 'settlement.paid'];
const envelope = JSON.stringify({
  event_id: 'evt_1',
  event_type: 'settlement.paid',
  created_at: '2026-01-01T00:00:00.000Z',
  api_version: '2026-01-01',
  environment: 'sandbox',
  data: {},
  provider: { provider_id: 'prv_1', provider_slug: 'clinic' },
});
