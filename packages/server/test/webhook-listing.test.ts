import { deliveryStatuses, eventTypes } from '@osigu-sandbox/contract';
import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type DeliveryFilter, deliveryRanges, eventRanges } from '../src/webhooks/deliveries/listing.ts';
import { countQuery, positionsQuery, type Ranges } from '../src/webhooks/ranges.ts';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

const count = 3_000;
const types = [...eventTypes, 'test.ping'];

let sandbox: TestSandbox;
let provider: TestProvider;
/** Newest first, as they ought to be listed. */
let deliveries: Json[];
let start: number;

/** Written into the database: three thousand deliveries over three seconds to two subscriptions, and a neighbour's. */
beforeAll(async () => {
  sandbox = await startSandbox();
  provider = await sandbox.provider();
  const neighbour = await sandbox.provider();
  start = Date.now() - 60_000;
  deliveries = [...(await fill(provider, 0)), ...(await fill(provider, 1))].sort(newestFirst);
  await fill(neighbour, 2);
  // PostgreSQL does it by itself sooner or later.
  if (inject('dialect') === 'postgres') {
    await sandbox.sandbox.units.store.db.executeQuery(CompiledQuery.raw('vacuum analyze'));
  }
});
afterAll(() => sandbox.stop());

async function fill({ provider_id, call }: TestProvider, set: number): Promise<Json[]> {
  const url = `http://127.0.0.1:9/${set}`;
  const { body } = await call('POST', '/webhooks/v1/subscriptions', { url, event_types: ['*'] });
  const { db } = sandbox.sandbox.units.store;
  const rows = Array.from({ length: count / 2 }, (_, index) => ({
    delivery_id: `dlv_${set}${String((index * 7_919) % count).padStart(25, '0')}`,
    event_id: `evt_${set}${String(index).padStart(25, '0')}`,
    provider_id,
    subscription_id: body.subscription_id as string,
    event_type: types[(index * 5) % types.length] ?? '',
    status: deliveryStatuses[index % 97 === 0 ? 2 : index % 5 === 0 ? 0 : 1] ?? 'PENDING',
    // Several of one moment.
    created_at: start + Math.floor(index / 3),
  }));
  for (let from = 0; from < rows.length; from += 250) {
    const some = rows.slice(from, from + 250);
    await db
      .insertInto('events')
      .values(
        some.map(({ event_id, event_type, created_at }) => ({
          ...{ event_id, provider_id, event_type, created_at, resource_id: 'auth_1' },
          body: envelopeOf(event_id, event_type, created_at),
        })),
      )
      .execute();
    await db
      .insertInto('deliveries')
      .values(
        some.map((row) => ({ ...row, next_attempt_at: row.status === 'PENDING' ? row.created_at : null })),
      )
      .execute();
  }
  return rows;
}

function envelopeOf(event_id: string, event_type: string, created_at: number): string {
  return JSON.stringify({
    event_id,
    event_type,
    created_at: new Date(created_at).toISOString(),
    api_version: '2026-01-01',
    environment: 'sandbox',
    data: {},
    provider: { provider_id: 'prv_1', provider_slug: 'p' },
  });
}

function newestFirst(a: Json, b: Json): number {
  return b.created_at - a.created_at || (a.delivery_id < b.delivery_id ? 1 : -1);
}

/** Every choice of filters, with values that many and that few rows have. */
function filters(): DeliveryFilter[] {
  const subscription_id = deliveries[0]?.subscription_id;
  const one = {
    subscription_id: [undefined, subscription_id],
    status: [undefined, 'DELIVERED', 'ABANDONED'],
  };
  return one.subscription_id.flatMap((id) =>
    one.status.flatMap((status) =>
      [undefined, 'settlement.paid', 'test.ping'].flatMap((event_type) =>
        [undefined, start + 200].flatMap((from) =>
          [undefined, start + 300].map((to) => ({
            ...(id !== undefined && { subscription_id: id }),
            ...(status !== undefined && { status: status as DeliveryFilter['status'] }),
            ...(event_type !== undefined && { event_type }),
            ...(from !== undefined && { from }),
            ...(to !== undefined && { to }),
          })),
        ),
      ),
    ),
  );
}

function search({ from, to, ...rest }: DeliveryFilter & { page?: number; size?: number }): string {
  return new URLSearchParams({
    ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)])),
    ...(from !== undefined && { from: new Date(from).toISOString() }),
    ...(to !== undefined && { to: new Date(to).toISOString() }),
  }).toString();
}

const isWithin = ({ from = 0, to = Number.POSITIVE_INFINITY }: DeliveryFilter, row: Json) =>
  row.created_at >= from && row.created_at <= to;

describe('a list of deliveries', () => {
  test('is exact for every choice of filters and on every page: newest first, nothing of a neighbour', async () => {
    for (const filter of filters()) {
      const { subscription_id, status, event_type } = filter;
      const expected = deliveries.filter(
        (row) =>
          (subscription_id === undefined || row.subscription_id === subscription_id) &&
          (status === undefined || row.status === status) &&
          (event_type === undefined || row.event_type === event_type) &&
          isWithin(filter, row),
      );
      for (const page of [0, 1, 7]) {
        const url = `/webhooks/v1/deliveries?${search({ ...filter, page, size: 20 })}`;
        const { body } = await provider.call('GET', url);
        const ids = body.content.map((row: Json) => row.delivery_id);
        expect(ids, url).toEqual(expected.slice(page * 20, page * 20 + 20).map((row) => row.delivery_id));
        expect(body.page.total_elements, url).toBe(expected.length);
      }
    }
  });

  test('of an unknown subscription, of another provider or of an unknown type is empty', async () => {
    const other = await sandbox.provider();
    const { subscription_id } = deliveries[0];
    for (const [by, query] of [
      [provider, 'subscription_id=whs_unknown'],
      [provider, 'event_type=nothing.at_all'],
      [other, `subscription_id=${subscription_id}`],
      [other, ''],
    ] as const) {
      const { body } = await by.call('GET', `/webhooks/v1/deliveries?${query}`);
      expect(body).toMatchObject({ content: [], page: { total_elements: 0 } });
    }
  });
});

test('a list of events is exact for a period', async () => {
  for (const filter of filters()) {
    if (Object.keys(filter).some((name) => name !== 'from' && name !== 'to')) continue;
    const expected = deliveries
      .filter((row) => isWithin(filter, row))
      .sort((a, b) => b.created_at - a.created_at || (a.event_id < b.event_id ? 1 : -1))
      .map((row) => row.event_id);
    for (const page of [0, 3]) {
      const url = `/webhooks/v1/events?${search({ ...filter, page, size: 50 })}`;
      const { body } = await provider.call('GET', url);
      expect(
        body.content.map((row: Json) => row.event_id),
        url,
      ).toEqual(expected.slice(page * 50, page * 50 + 50));
      expect(body.page.total_elements, url).toBe(expected.length);
    }
  }
});

describe('the plan of a list', () => {
  test('goes through the ranges of one index, in their order, for every choice of filters', async () => {
    const { db } = sandbox.sandbox.units.store;
    const context = { db, provider: { ...(await ownProvider()) }, now: 0 };
    for (const filter of filters()) {
      await expectIndexed(await deliveryRanges(context, filter), filter);
      await expectIndexed(eventRanges(provider.provider_id, filter), filter);
    }
  });
});

async function ownProvider() {
  const { db } = sandbox.sandbox.units.store;
  return db
    .selectFrom('providers')
    .select([
      'provider_id',
      'provider_slug',
      'country_code',
      'provider_branch_id',
      'clock_offset',
      'reset_at_real',
    ])
    .where('provider_id', '=', provider.provider_id)
    .executeTakeFirstOrThrow()
    .then((row) => ({ ...row, country_code: 'CO' as const }));
}

async function expectIndexed(ranges: Ranges, filter: DeliveryFilter): Promise<void> {
  const { db } = sandbox.sandbox.units.store;
  const page = await planOf(positionsQuery(db, ranges, { order: 'desc', limit: 15, offset: 0 }));
  // As far below the number of rows as ten thousand is below a million.
  const total = await planOf(countQuery(db, ranges, 30));
  const context = `${JSON.stringify(filter)}\n${page}\n${total}`;
  for (const plan of [page, total]) {
    expect(plan, context).toMatch(
      /(COVERING INDEX|Index Only Scan.* using) (deliveries|events)_by_(status|type|time)/,
    );
    expect(plan, context).not.toMatch(new RegExp(`SCAN ${ranges.table}|Seq Scan on ${ranges.table}`));
  }
  // PostgreSQL sorts what the ranges gave, a page of each; no range is sorted by itself.
  expect(page, context).not.toMatch(/TEMP B-TREE|Nested Loop[\s\S]*Sort/);
}

async function planOf(query: CompiledQuery): Promise<string> {
  const { db } = sandbox.sandbox.units.store;
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
