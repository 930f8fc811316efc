import { afterAll, beforeAll, expect, test } from 'vitest';
import { outsideWorld, worldTables } from '../src/core/providers/world/tables.ts';
import { startSandbox, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

const names = worldTables.map(([name]) => name as string);
const tablesOf = () => sandbox.sandbox.units.store.db.introspection.getTables();

test('every table of the database is part of a world, or said to be outside of it', async () => {
  const tables = (await tablesOf()).map(({ name }) => name).filter((name) => !name.startsWith('kysely_'));
  // Which the limiter makes for itself on PostgreSQL.
  const ours = tables.filter((name) => name !== 'rate_limits');
  expect([...names, ...Object.keys(outsideWorld)].sort()).toEqual(ours.sort());
});

test('every row of a world is found: by its provider, or by a parent that comes before it', async () => {
  const columns = new Map(
    (await tablesOf()).map((table) => [table.name, table.columns.map(({ name }) => name)]),
  );
  for (const [index, [name, { parents }]] of worldTables.entries()) {
    const [key = 'provider_id', ...above] = parents ?? [];
    expect(columns.get(name), name).toContain(key);
    for (const parent of above) {
      expect(names.slice(0, index), name).toContain(parent);
      expect(columns.get(parent), name).toEqual(expect.arrayContaining([key, 'provider_id']));
    }
  }
});

test('bytes and numbers are said to be such', async () => {
  for (const { name, columns } of await tablesOf()) {
    const table = worldTables.find(([each]) => each === name)?.[1];
    if (table === undefined) continue;
    const bytes = columns.filter(({ dataType }) => /blob|bytea/i.test(dataType)).map((column) => column.name);
    expect(bytes, name).toEqual(table.bytes === undefined ? [] : [table.bytes]);
    // The number of a delivery's attempt is no number of its own.
    const numbered = columns.some((column) => column.name === 'number') && table.parents === undefined;
    expect(numbered && name !== 'delivery_fault_uses', name).toBe(table.numbered !== undefined);
  }
});
