import { join } from 'node:path';
import { openDatabase } from './database.ts';
import { authorizations, multiply, relax } from './fill.ts';
import { flow } from './flow.ts';
import type { Receiver } from './receiver.ts';
import { clientOf, type Provider, startSandbox } from './sandbox.ts';

/** A sandbox that was stopped, with so many authorizations. */
export interface Grown {
  readonly directory: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Who has them. */
  readonly provider: Provider;
  /** Has none. */
  readonly small: Provider;
  readonly fillSeconds: number;
}

const others = 10;
/** Dispensed in part: the approval is still alive and will expire, so that nothing of what there can be is missing. */
const aPart = [{ product_code: 'MED-SBX-001', quantity: 4 }];

/** `count` of one provider and a tenth as many of ten others, each with all that belongs to it (fill.ts). */
export async function grow(
  directory: string,
  count: number,
  receiver: Receiver,
  settings: Readonly<Record<string, string>> = {},
): Promise<Grown> {
  const sandbox = await startSandbox(directory, settings);
  const provider = await sandbox.provider('clinic-bench');
  const small = await sandbox.provider('clinic-small');
  const neighbours: Provider[] = [];
  for (let index = 0; index < others; index += 1) {
    neighbours.push(await sandbox.provider(`clinic-${index}`));
  }
  const arrived = receiver.events.size;
  for (const each of [provider, ...neighbours]) {
    const client = clientOf(sandbox, each, 1);
    await client.call('POST', '/webhooks/v1/subscriptions', { url: receiver.url, event_types: ['*'] });
    await flow((...call) => client.call(...call), each, aPart);
    await client.stop();
  }
  await receiver.until(arrived + 2 * (others + 1));
  await sandbox.stop();

  const began = performance.now();
  const location = settings.DATABASE_URL ?? join(directory, 'data', 'sandbox.sqlite');
  await fill(location, [provider, ...neighbours], count);
  return { directory, settings, provider, small, fillSeconds: (performance.now() - began) / 1_000 };
}

/** Oldest first, so that every table and index grows at its end. */
async function fill(location: string, [first, ...neighbours]: readonly Provider[], count: number) {
  const share = Math.round(count / 10 / others);
  const database = await openDatabase(location);
  try {
    await relax(database);
    await database.run('begin');
    for (const [index, { slug }] of neighbours.entries()) {
      const past = { before: index * share, daysAgo: others - index };
      await multiply(database, authorizations, await idOf(database, slug), share, past);
    }
    const past = { before: others * share, daysAgo: 0 };
    if (first !== undefined)
      await multiply(database, authorizations, await idOf(database, first.slug), count, past);
    await database.run('commit');
    // A PostgreSQL that runs does so by itself; of tables with a row or two it would learn not to use their indexes.
    if (database.dialect === 'postgres' && count > 0) await database.run('vacuum analyze');
  } finally {
    await database.stop();
  }
}

async function idOf(database: Awaited<ReturnType<typeof openDatabase>>, slug: string): Promise<string> {
  const [row] = await database.rows(`select provider_id from providers where provider_slug = '${slug}'`);
  return String(row?.provider_id);
}
