import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countedAtMost, countMatching } from './counting.ts';
import { openStore, type Store } from './store.ts';

const rows = countedAtMost + 20;
let store: Store;

beforeAll(async () => {
  store = await openStore({ location: ':memory:' });
  await sql`
    with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${rows})
    insert into settings (name, value) select 'counted ' || n, n from numbers`.execute(store.db);
});
afterAll(() => store.close());

const count = (limit: number, offset: number, most = rows) =>
  countMatching(
    store.db,
    store.db
      .selectFrom('settings')
      .where('name', 'like', 'counted %')
      .where(sql<number>`cast(value as integer)`, '<=', most),
    { limit, offset },
  );

test('a short list is counted to its end', async () => {
  expect(await count(15, 0, 7)).toBe(7);
  expect(await count(15, 0, countedAtMost)).toBe(countedAtMost);
});

test('a long one is counted so far', async () => {
  expect(await count(15, 0)).toBe(countedAtMost);
});

test('whoever pages on sees that there is more, until there is not', async () => {
  expect(await count(5, countedAtMost)).toBe(countedAtMost + 6);
  expect(await count(10, countedAtMost + 10)).toBe(rows);
  expect(await count(10, countedAtMost + 1_000)).toBe(rows);
});
