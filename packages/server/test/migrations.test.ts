import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { type Migrations, NewerSchema } from '../src/store/migrate.ts';
import { openStore, pendingMigrationsOf, StoreNotOpened } from '../src/store/store.ts';
import { approve, dispense } from './flows.ts';
import { createDatabase, type Reply, startSandbox, type TestProvider } from './harness.ts';
import { later, laterName, migrateBeside } from './later-version.ts';

let location: string;
let drop: () => Promise<void>;
beforeEach(async () => {
  if (inject('dialect') === 'postgres') {
    ({ location, drop } = await createDatabase({ empty: true }));
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), 'osigu-migrations-'));
  location = join(directory, 'sandbox.sqlite');
  drop = () => rm(directory, { recursive: true });
});
afterEach(() => drop());

async function causeOf(opening: Promise<unknown>): Promise<unknown> {
  const error = await opening.catch((caught: unknown) => caught);
  if (!(error instanceof StoreNotOpened)) throw error;
  return error.cause;
}

describe('a newer version migrates', () => {
  test('while this one serves: no call fails, and this one goes on', async () => {
    const sandbox = await startSandbox({ database: location, worker: true });
    const own = await sandbox.provider();
    const wrong: string[] = [];
    const watched = watching(own, wrong);
    let flows = 0;
    let going = true;
    const client = async () => {
      while (going) {
        await dispense(watched);
        await watched.call('GET', '/dispensing/v1/dispensations?size=5');
        flows += 1;
      }
    };
    const clients = Array.from({ length: 6 }, client);
    await expect.poll(() => flows, { timeout: 20_000 }).toBeGreaterThan(12);
    expect(await migrateBeside(location)).toBe(0);
    const before = flows;
    await expect.poll(() => flows, { timeout: 20_000 }).toBeGreaterThan(before + 12);
    going = false;
    await Promise.all(clients);
    expect(wrong).toEqual([]);
    expect((await approve(own)).status).toBe('APPROVED');
    await sandbox.stop();
  });

  test('twice at once: one applies it, the other finds it done', async () => {
    const stores = await Promise.all(
      Array.from({ length: 3 }, () => openStore({ location, poolSize: 1, migrations: later })),
    );
    await Promise.all(stores.map((store) => store.close()));
    const again = await openStore({ location, poolSize: 1, migrations: later });
    const { rows } = await sql<{
      name: string;
    }>`select name from kysely_migration where name = ${laterName}`.execute(again.db);
    expect(rows).toHaveLength(1);
    await again.close();
  });

  test('and this one starts no more, and says why', async () => {
    await (await openStore({ location, poolSize: 1, migrations: later })).close();
    for (const opening of [() => openStore({ location }), () => pendingMigrationsOf(location)]) {
      const cause = await causeOf(opening());
      expect(cause).toBeInstanceOf(NewerSchema);
      expect(String(cause)).toContain(`newer than this version: ${laterName}`);
    }
  });
});

test('a migration that fails leaves nothing behind', async () => {
  await (await openStore({ location, poolSize: 1 })).close();
  const broken: Migrations = {
    ...later,
    '901-broken': (db) =>
      sql`insert into later values ('nobody'), ('nobody')`.execute(db).then(() => undefined),
  };
  await causeOf(openStore({ location, poolSize: 1, migrations: broken }));
  expect(await pendingMigrationsOf(location)).toEqual([]);
});

/** Notes every answer that is no success. */
function watching(own: TestProvider, wrong: string[]): TestProvider {
  return {
    ...own,
    call: async (...called): Promise<Reply> => {
      const reply = await own.call(...called);
      if (reply.status >= 400) wrong.push(`${called[0]} ${called[1]}: ${reply.status} ${reply.text}`);
      return reply;
    },
  };
}
