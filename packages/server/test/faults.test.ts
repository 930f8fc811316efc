import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRouteFaults } from '../src/core/faults/meet.ts';
import { approve, initiate, requestBody } from './flows.ts';
import {
  basic,
  type Json,
  type Reply,
  startSandbox,
  type TestProvider,
  type TestSandbox,
} from './harness.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

const sponsors = '/v1/sponsors';
const requests = '/arc/v1/authorization-requests';
const urlOf = ({ slug }: TestProvider) => `/_sandbox/v1/providers/${slug}/faults`;

async function withRoutes(routes: readonly Json[], seed = 0): Promise<TestProvider> {
  const provider = await sandbox.provider();
  const answer = await provider.call('PUT', urlOf(provider), { seed, routes });
  expect(answer.status, answer.text).toBe(200);
  return provider;
}

const plan = async (provider: TestProvider) => (await provider.call('GET', urlOf(provider))).body;
const faultOf = ({ headers }: Reply) => headers['x-sandbox-fault'];

/** Calls of a browser over a real connection. */
async function overSocket({ sandbox: { app } }: TestSandbox) {
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return async ({ token }: TestProvider, url: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${url}`, {
      headers: { authorization: `Bearer ${token}`, origin: 'https://app.example' },
    });
    const { status, headers } = answer;
    return { status, headers, body: (await answer.json()) as Json };
  };
}

async function statuses(provider: TestProvider, calls: number, url = sponsors): Promise<number[]> {
  const found: number[] = [];
  for (let call = 0; call < calls; call += 1) found.push((await provider.call('GET', url)).status);
  return found;
}

describe('the plan', () => {
  test('is empty at first, is shown with what remains of it, is replaced as a whole, and is cleared', async () => {
    const provider = await sandbox.provider();
    const none = { seed: 0, routes: [], deliveries: [] };
    expect(await plan(provider)).toEqual(none);
    const put = await provider.call('PUT', urlOf(provider), {
      seed: 7,
      routes: [{ method: 'GET', path: sponsors, status: 503, count: 2, surplus: 'ignored' }],
      deliveries: [{ kind: 'delay', delay_ms: 1_000 }],
    });
    const rule = { method: 'GET', path: sponsors, status: 503, count: 2 };
    const delay = { kind: 'delay', delay_ms: 1_000, used: 0, remaining: null };
    expect(put.status).toBe(200);
    expect(put.body).toEqual({
      seed: 7,
      routes: [{ ...rule, met: 0, used: 0, remaining: 2 }],
      deliveries: [delay],
    });
    expect(await statuses(provider, 3)).toEqual([503, 503, 200]);
    expect((await plan(provider)).routes).toEqual([{ ...rule, met: 2, used: 2, remaining: 0 }]);

    // What GET shows can be put: it begins anew.
    await provider.call('PUT', urlOf(provider), await plan(provider));
    expect(await statuses(provider, 3)).toEqual([503, 503, 200]);
    await provider.call('PUT', urlOf(provider), { routes: [{ path: '/v1/*', status: 500, count: 1 }] });
    expect((await plan(provider)).deliveries).toEqual([]);
    expect((await provider.call('DELETE', urlOf(provider))).status).toBe(204);
    expect(await plan(provider)).toEqual(none);
    expect(await statuses(provider, 1)).toEqual([200]);
  });

  test('a rule ends with the subscription it names: what GET shows can still be put', async () => {
    const provider = await sandbox.provider();
    const subscribe = async () => {
      const input = { url: 'http://127.0.0.1:9/', event_types: ['*'] };
      return (await provider.call('POST', '/webhooks/v1/subscriptions', input)).body
        .subscription_id as string;
    };
    const [kept, gone] = [await subscribe(), await subscribe()];
    const kinds = ['duplicate', 'delay', 'stale_timestamp'];
    const deliveries = [gone, kept, undefined].map((subscription_id, index) => ({
      kind: kinds[index],
      subscription_id,
    }));
    await provider.call('PUT', urlOf(provider), { deliveries });
    await provider.call('DELETE', `/webhooks/v1/subscriptions/${gone}`);
    const shown = await plan(provider);
    expect(shown.deliveries.map(({ kind }: Json) => kind)).toEqual(['delay', 'stale_timestamp']);
    const put = await provider.call('PUT', urlOf(provider), shown);
    expect([put.status, put.body]).toEqual([200, shown]);
  });

  test('everything wrong with it is told at once', async () => {
    const provider = await sandbox.provider();
    const { status, body } = await provider.call('PUT', urlOf(provider), {
      seed: -1,
      routes: [
        { path: sponsors },
        { path: sponsors, status: 200, drop: true, probability: 2, count: 0 },
        { path: 'v1', status: 99, latency_ms: 30_001, method: 'TRACE', when: 'never' },
        { path: '/nowhere/{id}', status: 503 },
        { path: sponsors, method: 'DELETE', status: 503 },
        { path: `${urlOf(provider)}`, status: 503 },
      ],
      deliveries: [
        { kind: 'lost' },
        { kind: 'duplicate', subscription_id: 'whs_unknown', event_type: 'nothing.happened', delay_ms: 1 },
        { kind: 'delay', delay_ms: 0 },
      ],
    });
    expect([status, body.code]).toEqual([422, '071-422-validation']);
    expect(body.errors.map(({ path }: Json) => path).sort()).toEqual([
      'deliveries[0].kind',
      'deliveries[1].delay_ms',
      'deliveries[1].event_type',
      'deliveries[1].subscription_id',
      'deliveries[2].delay_ms',
      'routes[0].status',
      'routes[1].count',
      'routes[1].drop',
      'routes[1].probability',
      'routes[1].status',
      'routes[2].latency_ms',
      'routes[2].method',
      'routes[2].path',
      'routes[2].status',
      'routes[2].when',
      'routes[3].path',
      'routes[4].path',
      'routes[5].path',
      'seed',
    ]);
    const many = Array.from({ length: 51 }, () => ({ path: sponsors, status: 503 }));
    const tooMany = await provider.call('PUT', urlOf(provider), { routes: many });
    expect(tooMany.body.errors.map(({ path }: Json) => path)).toEqual(['routes']);
    for (const odd of ['"text"', '[]', '{"routes": {}}', '{"routes": [1], "deliveries": [null]}']) {
      const answer = await provider.call('PUT', urlOf(provider), odd, { 'content-type': 'application/json' });
      expect(answer.status, odd).toBe(422);
    }
    expect(await plan(provider)).toEqual({ seed: 0, routes: [], deliveries: [] });
  });

  test("is the provider's own: for nobody else's token, and another's subscription is unknown", async () => {
    const [provider, other] = [await sandbox.provider(), await sandbox.provider()];
    const { body } = await other.call('POST', '/webhooks/v1/subscriptions', {
      url: 'http://127.0.0.1:9/',
      event_types: ['*'],
    });
    const deliveries = [{ kind: 'duplicate', subscription_id: body.subscription_id }];
    expect((await provider.call('PUT', urlOf(provider), { deliveries })).status).toBe(422);
    expect((await other.call('PUT', urlOf(other), { deliveries })).status).toBe(200);
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      expect((await other.call(method, urlOf(provider), method === 'PUT' ? {} : undefined)).status).toBe(403);
      const unknown = await sandbox.operator(method, '/_sandbox/v1/providers/nobody/faults', {});
      expect(unknown.body.code).toBe('071-404-provider');
    }
    expect((await sandbox.operator('PUT', urlOf(provider), { seed: 3 })).body.seed).toBe(3);
  });
});

describe('a faulty answer', () => {
  test.each([
    [401, '071-401'],
    [403, '071-403-scope'],
    [404, '071-404-authorization-request'],
    [409, '071-409-already-completed'],
    [418, '071-400-malformed'],
    [422, '071-422-validation'],
    [429, '071-429'],
    [500, '071-500'],
    [502, '071-503'],
    [503, '071-503'],
  ])('%i is the envelope of the API with %s, and says that it is one', async (status, code) => {
    const provider = await withRoutes([
      { method: 'POST', path: `${requests}/{id}/complete`, status, count: 1 },
    ]);
    const answer = await provider.call('POST', `${requests}/areq_x/complete`, {});
    expect([answer.status, answer.body.code, answer.body.error_code]).toEqual([status, code, code]);
    expect(answer.body).toMatchObject({
      message: expect.any(String),
      request_id: answer.headers['x-request-id'],
    });
    expect(faultOf(answer)).toBe(`status=${status}; rule=routes[0]`);
    expect(answer.headers['retry-after']).toBe(status === 429 || status === 503 ? '1' : undefined);
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
    if (status === 422) expect(answer.body.errors).toHaveLength(1);
    const next = await provider.call('POST', `${requests}/areq_x/complete`, {});
    expect([next.status, faultOf(next)]).toEqual([404, undefined]);
  });

  test('of the token endpoint speaks RFC 6749, and only to whom the credentials belong', async () => {
    const provider = await withRoutes([
      { path: '/v1/oauth/token', status: 503, count: 1 },
      { path: '/v1/oauth/token', status: 429, count: 1 },
      { path: '/v1/oauth/token', status: 401, count: 1 },
      { path: '/v1/oauth/token', when: 'after', status: 500, count: 1 },
    ]);
    const ask = (secret = provider.client_secret) =>
      sandbox.call('POST', '/v1/oauth/token?grant_type=client_credentials', {
        headers: basic(provider.client_id, secret),
      });
    const wrong = await ask('secret_wrong');
    expect([wrong.status, faultOf(wrong)]).toEqual([401, undefined]);
    const found: Reply[] = [];
    for (let call = 0; call < 5; call += 1) found.push(await ask());
    expect(found.map(({ status, body }) => [status, body.error])).toEqual([
      [503, 'temporarily_unavailable'],
      [429, 'rate_limited'],
      [401, 'invalid_client'],
      [500, 'server_error'],
      [200, undefined],
    ]);
    expect(found[2]?.headers['www-authenticate']).toMatch(/^Basic /);
    expect(found.map(faultOf)).toEqual([
      'status=503; rule=routes[0]',
      'status=429; rule=routes[1]',
      'status=401; rule=routes[2]',
      'status=500; when=after; rule=routes[3]',
      undefined,
    ]);
  });

  test('counts into the limit, and a call over the limit meets no fault', async () => {
    const provider = await withRoutes([{ path: sponsors, status: 500 }]);
    await sandbox.operator('PUT', `/_sandbox/v1/providers/${provider.slug}/limits`, {
      requests_per_minute: 3,
      token_requests_per_minute: 10,
    });
    expect(await statuses(provider, 4)).toEqual([500, 500, 500, 429]);
    const over = await provider.call('GET', sponsors);
    expect([over.status, faultOf(over)]).toEqual([429, undefined]);
    expect((await plan(provider)).routes[0].met).toBe(3);
  });

  test('comes from the first rule that applies; what no rule is about is untouched', async () => {
    const provider = await withRoutes([
      { method: 'POST', path: '/v1/*', status: 500 },
      { method: 'GET', path: '/v1/sponsors/{slug}/forms', status: 502 },
      { path: '/v1/*', status: 504, count: 1 },
      { path: '/v1/*', status: 503 },
    ]);
    expect(await statuses(provider, 1, '/v1/sponsors/sponsor-sandbox/forms')).toEqual([502]);
    expect(await statuses(provider, 2)).toEqual([504, 503]);
    expect(await statuses(provider, 1, '/medical-catalogs/v1/diagnoses')).toEqual([200]);
    expect((await provider.call('HEAD', '/v1/sponsors/sponsor-sandbox/forms')).status).toBe(502);
    expect((await sandbox.call('GET', '/v1/oauth/jwks.json')).status).toBe(200);
    expect((await provider.call('GET', '/v1/nothing')).status).toBe(404);
  });
});

describe('who is hit, and until when', () => {
  test('a path is the same one however it is written', async () => {
    const provider = await withRoutes([{ path: sponsors, status: 503 }]);
    const urls = ['/v1/%73ponsors', '/v1/sponsors/', '/v1/sponsors#top', '/v1/%73ponsors?path=/v1'];
    for (const url of urls) expect(await statuses(provider, 1, url), url).toEqual([503]);
    expect((await plan(provider)).routes[0].met).toBe(urls.length);
  });

  test('another provider never is', async () => {
    const provider = await withRoutes([{ path: '/*', status: 500 }]);
    const other = await sandbox.provider();
    expect(await statuses(other, 3)).toEqual([200, 200, 200]);
    expect(await statuses(provider, 1)).toEqual([500]);
    expect((await provider.call('GET', `/_sandbox/v1/providers/${provider.slug}/clock`)).status).toBe(200);
  });

  test('a rule of n uses hits n calls, also of many at once', async () => {
    const provider = await withRoutes([{ path: sponsors, status: 503, count: 7 }]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => provider.call('GET', sponsors)));
    expect(answers.filter(({ status }) => status === 503)).toHaveLength(7);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(13);
    expect((await plan(provider)).routes[0]).toMatchObject({ used: 7, remaining: 0 });
  });

  test('several processes count as one', async () => {
    const provider = await withRoutes([{ path: sponsors, status: 503, probability: 0.5, count: 10 }], 5);
    const { db } = sandbox.sandbox.units.store;
    const { plan_id, reset_at_real } = await db
      .selectFrom('providers')
      .select(['fault_plan_id as plan_id', 'reset_at_real'])
      .where('provider_id', '=', provider.provider_id)
      .executeTakeFirstOrThrow();
    const plan = { plan_id: plan_id ?? '', reset_at_real };
    const [one, other] = [createRouteFaults(db), createRouteFaults(db)];
    const alternating = await Promise.all(
      Array.from({ length: 60 }, (_, call) => (call % 2 === 0 ? one : other).meet(plan, 'GET', sponsors)),
    );
    expect(alternating.filter((met) => met !== undefined)).toHaveLength(10);
    expect(await statuses(provider, 3)).toEqual([200, 200, 200]);
  });

  test('the same seed hits the same calls, another seed others', async () => {
    const rules = [{ path: sponsors, status: 503, probability: 0.4, count: 9 }];
    const [first, again, other] = [
      await withRoutes(rules, 42),
      await withRoutes(rules, 42),
      await withRoutes(rules, 43),
    ];
    const run = await statuses(first, 40);
    expect(run.filter((status) => status === 503)).toHaveLength(9);
    expect(await statuses(again, 40)).toEqual(run);
    expect(await statuses(other, 40)).not.toEqual(run);
    const { routes } = await plan(first);
    expect(routes[0]).toMatchObject({ met: run.lastIndexOf(503) + 1, used: 9, remaining: 0 });
  });

  test('a reset clears all faults', async () => {
    const provider = await withRoutes([{ path: sponsors, status: 503 }]);
    expect(await statuses(provider, 1)).toEqual([503]);
    await provider.call('POST', `/_sandbox/v1/providers/${provider.slug}/reset`);
    expect(await statuses(provider, 1)).toEqual([200]);
    expect(await plan(provider)).toEqual({ seed: 0, routes: [], deliveries: [] });
  });
});

describe('latency', () => {
  test('is waited for before anything happens, or before the answer that is ready', async () => {
    const provider = await withRoutes([
      { path: sponsors, latency_ms: 60, count: 1 },
      { path: sponsors, latency_ms: 60, when: 'after', count: 1 },
      { path: sponsors, latency_ms: 60, status: 504, count: 1 },
    ]);
    const found: unknown[] = [];
    for (let call = 0; call < 4; call += 1) {
      const began = performance.now();
      const answer = await provider.call('GET', sponsors);
      found.push([answer.status, performance.now() - began >= 59, faultOf(answer)]);
    }
    expect(found).toEqual([
      [200, true, 'latency_ms=60; rule=routes[0]'],
      [200, true, 'latency_ms=60; when=after; rule=routes[1]'],
      [504, true, 'status=504; latency_ms=60; rule=routes[2]'],
      [200, false, undefined],
    ]);
  });

  test('does not delay a stop: whoever waits is answered', async () => {
    const stopping = await startSandbox();
    const provider = await stopping.provider();
    const routes = [{ path: sponsors, latency_ms: 30_000 }];
    await provider.call('PUT', urlOf(provider), { routes });
    const waiting = (await overSocket(stopping))(provider, sponsors);
    await expect.poll(async () => (await provider.call('GET', urlOf(provider))).body.routes[0].met).toBe(1);
    const began = performance.now();
    await stopping.stop();
    expect((await waiting).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe('a lost answer', () => {
  test('before: nothing has happened; after: it has, once, and its key gives the answer that was lost', async () => {
    const provider = await withRoutes([
      { method: 'POST', path: requests, drop: true, count: 1 },
      { method: 'POST', path: requests, drop: true, when: 'after', count: 1 },
      { method: 'POST', path: requests, status: 503, when: 'after', count: 1 },
    ]);
    const create = (key: string) =>
      provider.call('POST', requests, requestBody(provider), { 'idempotency-key': key });
    const total = async () => (await provider.call('GET', requests)).body.page.total_elements;

    await expect(create('first')).rejects.toThrow();
    expect(await total()).toBe(0);
    await expect(create('first')).rejects.toThrow();
    expect(await total()).toBe(1);
    const replaced = await create('first');
    expect([replaced.status, replaced.body.code]).toEqual([503, '071-503']);
    expect(replaced.body.message).not.toMatch(/nothing/i);
    expect(replaced.headers.location).toBeUndefined();
    expect(replaced.headers['idempotent-replayed']).toBeUndefined();
    expect(faultOf(replaced)).toBe('status=503; when=after; rule=routes[2]');
    const kept = await create('first');
    expect([kept.status, kept.headers['idempotent-replayed']]).toEqual([201, 'true']);
    expect(await total()).toBe(1);
    const read = await provider.call('GET', `${requests}/${kept.body.authorization_request_id}`);
    expect(read.body.status).toBe('PENDING_INDICATION');
  });

  test('an answer without content and a file are lost like any other', async () => {
    const provider = await withRoutes([
      { method: 'DELETE', path: '/arc/v1/providers/products/{code}', status: 504, when: 'after', count: 1 },
    ]);
    const url = '/arc/v1/providers/products/MED-SBX-001';
    const lost = await provider.call('DELETE', url);
    expect([lost.status, lost.body.code]).toEqual([504, '071-503']);
    expect((await provider.call('DELETE', url)).status).toBe(404);
  });

  test('what is lost after the effect of complete can be read, and redeemed once', async () => {
    const complete = `${requests}/{id}/complete`;
    const provider = await withRoutes([{ path: complete, when: 'after', status: 504, count: 1 }]);
    const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-do' });
    expect((await provider.call('POST', `${requests}/${id}/complete`)).status).toBe(504);
    const { body } = await provider.call('GET', `${requests}/${id}`);
    expect([body.status, body.authorizations.length]).toEqual(['COMPLETED', 1]);
    expect((await provider.call('POST', `${requests}/${id}/complete`)).status).toBe(409);
    expect((await approve(provider)).status).toBe('APPROVED');
  });

  test('over a real connection, which ends; the next one is served', async () => {
    const provider = await withRoutes([
      { path: sponsors, drop: true, count: 1 },
      { path: sponsors, drop: true, when: 'after', count: 1 },
      { path: sponsors, status: 503, when: 'after', count: 1 },
    ]);
    const get = await overSocket(sandbox);
    const ask = () => get(provider, sponsors);
    await expect(ask()).rejects.toThrow('fetch failed');
    await expect(ask()).rejects.toThrow('fetch failed');
    const faulty = await ask();
    expect([faulty.status, faulty.body.code]).toEqual([503, '071-503']);
    expect(faulty.headers.get('access-control-expose-headers')).toContain('X-Sandbox-Fault');
    const whole = await ask();
    expect([whole.status, whole.body.content.length > 0]).toEqual([200, true]);
  });
});

test('the request log shows every fault, of calls without an answer too', async () => {
  const provider = await withRoutes([
    { path: '/v1/oauth/token', status: 503, count: 1 },
    { path: sponsors, status: 503, count: 1 },
    { path: sponsors, drop: true, count: 1 },
    { path: sponsors, drop: true, when: 'after', count: 1 },
    { path: sponsors, status: 429, when: 'after', count: 1 },
  ]);
  const { client_id, client_secret } = provider;
  await sandbox.call('POST', '/v1/oauth/token?grant_type=client_credentials', {
    headers: basic(client_id, client_secret),
  });
  for (let call = 0; call < 5; call += 1) await provider.call('GET', sponsors).catch(() => undefined);
  const { body } = await provider.call('GET', `/_sandbox/v1/providers/${provider.slug}/requests?size=6`);
  expect(
    body.content.map(({ status, error_code, fault }: Json) => [status, error_code, fault]).reverse(),
  ).toEqual([
    [503, 'temporarily_unavailable', 'status=503; rule=routes[0]'],
    [503, '071-503', 'status=503; rule=routes[1]'],
    [null, null, 'drop; rule=routes[2]'],
    [null, null, 'drop; when=after; rule=routes[3]'],
    [429, '071-429', 'status=429; when=after; rule=routes[4]'],
    [200, null, null],
  ]);
});

test('the production profile has no faults', async () => {
  const production = await startSandbox({ environment: 'production' });
  for (const method of ['GET', 'PUT', 'DELETE'] as const) {
    const answer = await production.operator(method, '/_sandbox/v1/providers/anybody/faults', {});
    expect(answer.body.code).toBe('071-404-route');
  }
  await production.stop();
});
