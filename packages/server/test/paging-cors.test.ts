import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initiate } from './flows.ts';
import { type Json, type Reply, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let provider: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  provider = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const medications = '/medical-catalogs/v1/medications';
const diagnoses = '/medical-catalogs/v1/diagnoses';
const get = (url: string) => provider.call('GET', url);
const linksOf = (answer: Reply): Record<string, string> =>
  Object.fromEntries(answer.body.links.map(({ rel, href }: Json) => [rel, href]));

describe('paging', () => {
  test('starts at page 0 with 15 to a page', async () => {
    const { body } = await get(medications);
    expect(Object.keys(body)).toEqual(['content', 'page', 'links']);
    expect(body.content).toHaveLength(15);
    expect(body.page).toEqual({
      size: 15,
      number: 0,
      total_elements: expect.any(Number),
      total_pages: Math.ceil(body.page.total_elements / 15),
    });
    expect(body.page.total_elements).toBeGreaterThanOrEqual(40);
  });

  test.each([101, 1_000, 2_147_483_648])('a size of %d counts as 100', async (size) => {
    const { body } = await get(`${diagnoses}?size=${size}`);
    expect([body.content.length, body.page.size]).toEqual([100, 100]);
  });

  test.each([
    ['size=0', ['size']],
    ['size=-1', ['size']],
    ['size=ten', ['size']],
    ['size=1.5', ['size']],
    ['page=-1', ['page']],
    ['page=one', ['page']],
    ['page=1.5', ['page']],
    ['page=1&page=2', ['page']],
    ['page=99999999999999999999', ['page']],
    ['page=NaN&size=Infinity', ['page', 'size']],
  ])('%s is 422 and named', async (query, paths) => {
    const answer = await get(`${medications}?${query}`);
    expect([answer.status, answer.body.code]).toEqual([422, '071-422-validation']);
    expect(answer.body.errors.map((issue: Json) => issue.path)).toEqual(paths);
  });

  test('beyond the end is an empty page, with a way back', async () => {
    const answer = await get(`${medications}?page=9000&size=10`);
    expect([answer.status, answer.body.content]).toEqual([200, []]);
    expect(answer.body.page.number).toBe(9000);
    const { prev = '', next } = linksOf(answer);
    expect(next).toBeUndefined();
    expect((await get(prev)).body.content.length).toBeGreaterThan(0);
  });

  test('following next from first to last shows everything once; prev leads back', async () => {
    const seen: string[] = [];
    let url: string | undefined = `${medications}?size=7`;
    let before: string | undefined;
    while (url !== undefined) {
      const answer: Reply = await get(url);
      const links = linksOf(answer);
      seen.push(...answer.body.content.map((each: Json) => each.product_code));
      expect(links.prev).toBe(before);
      expect((await get(links.self ?? '')).body.content).toEqual(answer.body.content);
      before = links.self;
      if (links.next === undefined) expect(links.self).toBe(links.last);
      url = links.next;
    }
    const { body } = await get(`${medications}?size=100`);
    expect(seen).toEqual(body.content.map((each: Json) => each.product_code));
    expect(new Set(seen).size).toBe(body.page.total_elements);
  });

  test('links keep the other parameters', async () => {
    const { next = '' } = linksOf(await get('/arc/v1/products?product_type=LAB&size=3'));
    const query = new URL(next, 'http://localhost').searchParams;
    expect(Object.fromEntries(query)).toEqual({ product_type: 'LAB', size: '3', page: '1' });
  });

  test('nothing to list is one empty page without prev or next', async () => {
    const own = await sandbox.provider();
    const answer = await own.call('GET', '/arc/v1/authorization-requests');
    expect(answer.body.content).toEqual([]);
    expect(answer.body.page).toEqual({ size: 15, total_elements: 0, total_pages: 0, number: 0 });
    expect(Object.keys(linksOf(answer))).toEqual(['self', 'first', 'last']);
  });

  test.each([
    '/v1/sponsors',
    medications,
    diagnoses,
    '/arc/v1/products?product_type=LAB',
    '/arc/v1/providers/products',
    '/arc/v1/authorization-requests',
    '/arc/v1/authorizations',
    '/dispensing/v1/dispensations',
    '/webhooks/v1/subscriptions',
    '/webhooks/v1/events',
    '/webhooks/v1/deliveries',
  ])('%s speaks it', async (url) => {
    const answer = await get(`${url}${url.includes('?') ? '&' : '?'}page=0&size=200`);
    expect([answer.status, answer.body.page.size]).toEqual([200, 100]);
    expect((await get(`${url}${url.includes('?') ? '&' : '?'}size=0`)).status).toBe(422);
  });

  test('one provider counts only its own', async () => {
    const [one, two] = [await sandbox.provider(), await sandbox.provider()];
    for (let i = 0; i < 3; i += 1) await initiate(one);
    const total = async (of: TestProvider) =>
      (await of.call('GET', '/arc/v1/authorization-requests?size=2')).body.page.total_elements;
    expect([await total(one), await total(two)]).toEqual([3, 0]);
  });
});

describe('browser clients', () => {
  const origin = 'https://app.clinic.example';
  const words = (header: string | undefined) =>
    (header ?? '')
      .split(',')
      .map((word) => word.trim().toLowerCase())
      .sort();

  test.each([
    ['/v1/oauth/token', 'POST'],
    ['/v1/sponsors', 'GET'],
    ['/arc/v1/authorization-requests', 'POST'],
    ['/webhooks/v1/subscriptions/whs_x', 'PATCH'],
    ['/dispensing/v1/dispensations/dsp_x', 'PUT'],
    ['/arc/v1/providers/products/x', 'DELETE'],
    ['/_sandbox/v1/providers', 'POST'],
    ['/no/such/route', 'GET'],
  ])('a preflight of %s needs no token', async (url, method) => {
    const answer = await sandbox.call('OPTIONS', url, {
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers':
          'authorization, content-type, enctype, idempotency-key, x-request-id',
      },
    });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(words(answer.headers['access-control-allow-methods'])).toEqual([
      'delete',
      'get',
      'patch',
      'post',
      'put',
    ]);
    expect(words(answer.headers['access-control-allow-headers'])).toEqual([
      'authorization',
      'content-type',
      'enctype',
      'idempotency-key',
      'x-request-id',
    ]);
  });

  test('any origin may read answers, errors too, and the headers that matter', async () => {
    const answers = [
      await provider.call('GET', '/v1/sponsors', undefined, { origin }),
      await provider.call('GET', '/v1/nothing', undefined, { origin }),
      await provider.call('POST', '/arc/v1/authorization-requests', {}, { origin }),
      await sandbox.call('GET', '/v1/sponsors', { headers: { origin: 'null' } }),
      await sandbox.call('POST', '/v1/oauth/token', { headers: { origin } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 422, 401, 401]);
    for (const { headers } of answers) {
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(headers['access-control-allow-credentials']).toBeUndefined();
      expect(words(headers['access-control-expose-headers'])).toEqual([
        'location',
        'ratelimit-limit',
        'ratelimit-remaining',
        'ratelimit-reset',
        'retry-after',
        'x-request-id',
        'x-sandbox-fault',
      ]);
    }
  });

  test('an OPTIONS that is no preflight answers without an effect', async () => {
    const answer = await sandbox.call('OPTIONS', '/v1/sponsors');
    expect(answer.status).toBeLessThan(500);
    expect(answer.body?.content).toBeUndefined();
  });
});
