import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore, type Store } from './store.ts';

let directory: string;
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'reader-'));
  store = await openStore({ location: join(directory, 'database.sqlite') });
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const numbers = async () =>
  (await store.db.selectFrom('number_blocks').select('next_number').execute()).map((row) => row.next_number);

const write = (next_number: number) =>
  store.db
    .insertInto('number_blocks')
    .values({ kind: 'otp', next_number })
    .onConflict((conflict) => conflict.column('kind').doUpdateSet({ next_number }))
    .execute();

test('whoever is told of a commit reads it, however often in one turn', async () => {
  for (let number = 1; number <= 50; number += 1) {
    await numbers();
    await write(number);
    expect(await numbers()).toEqual([number]);
  }
});

test('nobody reads what is not committed', async () => {
  let seen: number[] = [];
  await store.transaction(async (tx) => {
    await tx.insertInto('number_blocks').values({ kind: 'otp', next_number: 7 }).execute();
    seen = await numbers();
  });
  expect(seen).toEqual([]);
  expect(await numbers()).toEqual([7]);
});

test('does not keep the log from being emptied', async () => {
  await write(1);
  await numbers();
  await write(2);
  await numbers();
  const [first] = await checkpoint();
  expect(first).toBe(0);
});

/** `busy` is 1 when somebody still reads from an older state. */
async function checkpoint(): Promise<unknown[]> {
  const { DatabaseSync } = await import('node:sqlite');
  await new Promise((resolve) => setImmediate(resolve));
  const other = new DatabaseSync(join(directory, 'database.sqlite'));
  const row = other.prepare('pragma wal_checkpoint(truncate)').get() ?? {};
  other.close();
  return Object.values(row);
}
