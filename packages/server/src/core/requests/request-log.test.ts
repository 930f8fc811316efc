import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLive } from '../../engine/live.ts';
import { newId } from '../../platform/ids.ts';
import { openStore, type Store } from '../../store/store.ts';
import { bodiesIn, summariesIn } from './batch.ts';
import type { EndedCall } from './call.ts';
import { createRequestLog, type LogBounds } from './request-log.ts';

let store: Store;
let lost: [string, number][];

beforeEach(async () => {
  store = await openStore({ location: ':memory:' });
  lost = [];
});
afterEach(() => store.close());

function open(bounds: LogBounds = {}, over: Partial<Store> = {}) {
  return createRequestLog({
    store: { ...store, ...over },
    log: pino({ level: 'silent' }),
    live: createLive(),
    onLost: (reason, calls) => lost.push([reason, calls]),
    ...bounds,
  });
}

/** Of a provider that is in no table. */
function call(url: string, over: Partial<EndedCall> = {}): EndedCall {
  return {
    log_id: newId('loggedRequest'),
    provider_id: 'prv_gone',
    client_id: 'client',
    clock_offset: 0,
    reset_at_real: null,
    request_id: 'req',
    at_real: 1,
    method: 'GET',
    url,
    route: null,
    status: 200,
    latency_ms: 1,
    error_code: null,
    idempotency: null,
    fault: null,
    request_type: null,
    request_bytes: null,
    request: undefined,
    request_kept: undefined,
    response_type: null,
    response_bytes: null,
    response: undefined,
    ...over,
  };
}

const stored = () => store.db.selectFrom('request_log').selectAll().orderBy('batch_id').execute();

async function paths(): Promise<string[]> {
  return (await stored()).flatMap(({ summaries }) => summariesIn(summaries)).map(({ path }) => path);
}

test('writes what was recorded, in that order, whether the provider is still there or not', async () => {
  const log = open();
  const urls = Array.from({ length: 450 }, (_, index) => `/${index}`);
  for (const url of urls) log.record(call(url));
  await log.settle('prv_gone');
  expect(await paths()).toEqual(urls);
});

test('a call that cannot be read costs no other', async () => {
  const log = open();
  for (let index = 0; index < 10; index += 1) {
    log.record(call(`/${index}`, index === 4 ? { request: '{"secret": "cut o' } : {}));
  }
  await log.settle('prv_gone');
  expect(await paths()).toEqual(['/0', '/1', '/2', '/3', '/5', '/6', '/7', '/8', '/9']);
  expect(lost).toEqual([['failure', 1]]);
});

test('what cannot be handed over is lost, and nothing that comes after it', async () => {
  const log = open();
  log.record(call('/0', { latency_ms: (() => {}) as unknown as number }));
  await log.settle('prv_gone');
  log.record(call('/1'));
  await log.settle('prv_gone');
  expect([await paths(), lost]).toEqual([['/1'], [['failure', 1]]]);
});

test('the name of a secret is known however it is written', async () => {
  const log = open();
  log.record(
    call('/0', { request_type: 'application/json', request: '{ "client\\u005fsecret" : "s3cret" }' }),
  );
  await log.settle('prv_gone');
  const [batch] = await stored();
  expect(batch && bodiesIn(batch.bodies)).toMatchObject([{ request_body: '{"client_secret":"[redacted]"}' }]);
});

test('calls that come one by one are put together', async () => {
  const log = open();
  const urls = Array.from({ length: 130 }, (_, index) => `/${index}`);
  for (const url of urls) {
    log.record(call(url, { response: JSON.stringify(url) }));
    await log.settle('prv_gone');
  }
  expect(await paths()).toEqual(urls);
  const batches = await stored();
  expect(batches.length).toBeLessThan(30);
  expect(batches.flatMap(({ bodies }) => bodiesIn(bodies)).map((each) => each.response_body)).toEqual(
    urls.map((url) => JSON.stringify(url)),
  );
});

test('while the database cannot be reached calls wait, and the oldest are lost when they are too many', async () => {
  let reachable = false;
  const unavailable = Object.assign(new Error('database is locked'), { errcode: 5 });
  const elsewhere = new Proxy(store.db, {
    get: (db, name) => {
      if (!reachable) throw unavailable;
      const member = Reflect.get(db, name, db);
      return typeof member === 'function' ? member.bind(db) : member;
    },
  });
  const transaction: Store['transaction'] = async (work) => {
    if (!reachable) throw unavailable;
    return store.transaction(work);
  };
  const log = open({ waiting: { calls: 3, bytes: 1_000_000 } }, { db: elsewhere, transaction });
  for (let index = 0; index < 3; index += 1) log.record(call(`/${index}`));
  await log.settle('prv_gone').catch(() => undefined);
  log.record(call('/3'));
  expect([await paths(), lost]).toEqual([[], [['overflow', 1]]]);
  reachable = true;
  await log.settle('prv_gone');
  expect(await paths()).toEqual(['/1', '/2', '/3']);
});

test('what waits is bounded by bytes too', async () => {
  const log = open({ waiting: { calls: 1_000, bytes: 50_000 } });
  for (let index = 0; index < 10; index += 1) {
    log.record(call(`/${index}`, { response: JSON.stringify('x'.repeat(10_000)) }));
  }
  await log.settle('prv_gone');
  expect(await paths()).toEqual(['/6', '/7', '/8', '/9']);
  expect(lost).toHaveLength(6);
});

test('stopping writes what waits, and says what it could not write', async () => {
  const log = open();
  log.record(call('/last'));
  await log.stop();
  expect(await paths()).toEqual(['/last']);
  const unavailable = Object.assign(new Error('database is locked'), { errcode: 5 });
  const broken = open({}, { transaction: () => Promise.reject(unavailable) });
  broken.record(call('/never'));
  await broken.stop();
  expect(lost).toEqual([['failure', 1]]);
});
