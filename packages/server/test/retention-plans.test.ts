import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { endings, histories } from '../src/core/retention/kinds.ts';
import { endingStatements, historyStatements } from '../src/core/retention/store.ts';
import { type Executor, executesDirectly } from '../src/store/statement.ts';
import { startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { day, idOf, rowsOf, subscribe } from './retention-bed.ts';

let sandbox: TestSandbox;
let provider: TestProvider;
let db: Executor;
const ids: string[] = [];

beforeAll(async () => {
  sandbox = await startSandbox();
  db = sandbox.sandbox.units.store.db;
  provider = await sandbox.provider();
  const neighbour = await sandbox.provider();
  for (const each of [provider, neighbour]) {
    const rows = rowsOf(sandbox);
    const subscription_id = await subscribe(each);
    for (let index = 0; index < 300; index += 1) {
      const event_id = await rows.event(each, index * day);
      const status = (['PENDING', 'DELIVERED', 'ABANDONED'] as const)[index % 3] ?? 'PENDING';
      ids.push(await rows.delivery(each, event_id, subscription_id, status, index * day));
      await rows.mail(each, index * day);
      await rows.proofs(each, index * day);
      await rows.call(each, index * day);
    }
  }
  if (inject('dialect') === 'postgres') await db.executeQuery(CompiledQuery.raw('vacuum analyze'));
});
afterAll(() => sandbox.stop());

/** What a statement would run. */
async function textOf(run: (spy: Executor) => Promise<unknown>): Promise<CompiledQuery> {
  const spy = db.withoutPlugins();
  let query = CompiledQuery.raw('');
  executesDirectly(spy, (sql, parameters) => {
    query = CompiledQuery.raw(sql, [...parameters]);
    return { rows: [], changes: 0 };
  });
  await run(spy);
  return query;
}

async function planOf(query: CompiledQuery): Promise<string> {
  if (inject('dialect') === 'sqlite') {
    const explained = CompiledQuery.raw(`explain query plan ${query.sql}`, [...query.parameters]);
    const { rows } = await db.executeQuery<{ detail: string }>(explained);
    return rows.map(({ detail }) => detail).join('\n');
  }
  return db.transaction().execute(async (tx) => {
    // What the planner would do with more rows than a test can have.
    await tx.executeQuery(CompiledQuery.raw('set local enable_seqscan = off'));
    const explained = CompiledQuery.raw(`explain ${query.sql}`, [...query.parameters]);
    const { rows } = await tx.executeQuery<Record<string, string>>(explained);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });
}

/** Nothing is read from one end to the other, or put in order. */
async function expectIndexed(name: string, query: CompiledQuery): Promise<void> {
  const plan = await planOf(query);
  if (process.env.SHOW_PLANS) console.log(`--- ${name}\n${plan}`);
  expect(plan, name).not.toMatch(/\bSCAN (?!json_each)|Seq Scan|TEMP B-TREE/);
}

test.each(histories)('$table $status: each statement goes by an index', async (kind) => {
  const statements = historyStatements(kind);
  const { provider_id } = provider;
  const place = { at: Date.now(), id: idOf('event', 0) };
  const moment = { provider_id, now: Date.now(), oldest: Date.now() };
  const keys = JSON.stringify(ids.slice(0, 100));
  const expectText = async (name: string, run: (spy: Executor) => Promise<unknown>) =>
    expectIndexed(`${kind.table} ${name}`, await textOf(run));
  await expectText('newest', (spy) => statements.newest(spy, { provider_id, ...place, skip: 4_999 }));
  await expectText('oldest', (spy) => statements.oldest(spy, { ...moment, at: 0, id: '' }));
  await expectText('remove', (spy) => statements.remove(spy, { ...moment, keys, world: 0 }));
  if (inject('dialect') === 'postgres') {
    await expectText('hold', (spy) => statements.hold(spy, { provider_id, keys }));
  }
});

test.each(endings)('$table: likewise', async (kind) => {
  const statements = endingStatements(kind);
  const before = Date.now();
  await expectIndexed(`${kind.table} find`, await textOf((spy) => statements.find(spy, { before })));
  await expectIndexed(`${kind.table} remove`, await textOf((spy) => statements.remove(spy, { before })));
});
