import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

const perMinute = 50;
const standard = () => sandbox.provider({ limits: 'standard' });
const call = (provider: TestProvider) => provider.call('GET', '/v1/sponsors');
const form = { 'content-type': 'application/x-www-form-urlencoded' };

function token(client_id: string, secret: string, options: { body?: string; remoteAddress?: string } = {}) {
  const { body = 'grant_type=client_credentials', remoteAddress } = options;
  return sandbox.call('POST', '/v1/oauth/token', {
    body,
    headers: { ...form, ...basic(client_id, secret) },
    ...(remoteAddress !== undefined && { remoteAddress }),
  });
}

/** So many calls one after the other; answers their statuses. */
async function repeat(times: number, once: () => Promise<Reply>): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i += 1) statuses.push((await once()).status);
  return statuses;
}

const always = (status: number, times: number) => Array.from({ length: times }, () => status);

/** Uses the minute up. */
async function exhaust(provider: TestProvider): Promise<void> {
  expect(await repeat(perMinute, () => call(provider))).toEqual(always(200, perMinute));
  expect((await call(provider)).status).toBe(429);
}

const allowance = ({ headers }: Reply) => ({
  limit: Number(headers['ratelimit-limit']),
  remaining: Number(headers['ratelimit-remaining']),
  reset: Number(headers['ratelimit-reset']),
});

function expectRetryAfter({ headers }: Reply): void {
  expect(headers['retry-after']).toMatch(/^\d+$/);
  const seconds = Number(headers['retry-after']);
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(60);
  expect(headers['ratelimit-reset']).toBe(headers['retry-after']);
}

describe('the token endpoint', () => {
  test('takes 10 calls a minute and client, refused ones included, then 429 rate_limited', async () => {
    const { client_id, client_secret } = await standard();
    // One token was obtained when the provider was made.
    const first = await token(client_id, client_secret);
    expect(allowance(first)).toMatchObject({ limit: 10, remaining: 8 });
    const attempts = [
      await token(client_id, 'secret_wrong'),
      await token(client_id, client_secret, { body: 'grant_type=password' }),
      await token(client_id, client_secret, { body: `grant_type=client_credentials&client_id=${client_id}` }),
      await sandbox.call('POST', '/v1/oauth/token', {
        body: '{"grant_type":',
        headers: { 'content-type': 'application/json', ...basic(client_id, client_secret) },
      }),
      await sandbox.call('POST', '/v1/oauth/token', {
        body: 'grant_type',
        headers: { 'content-type': 'text/plain', ...basic(client_id, client_secret) },
      }),
    ];
    expect(attempts.map(({ status }) => status)).toEqual([401, 400, 401, 400, 415]);
    expect(attempts.map((each) => allowance(each).remaining)).toEqual([7, 6, 5, 4, 3]);
    expect(await repeat(3, () => token(client_id, client_secret))).toEqual(always(200, 3));

    const refused = await token(client_id, client_secret);
    expect(refused.status).toBe(429);
    expect(refused.body).toEqual({ error: 'rate_limited', error_description: expect.any(String) });
    expect(refused.headers['cache-control']).toBe('no-store');
    expect(allowance(refused)).toMatchObject({ limit: 10, remaining: 0 });
    expectRetryAfter(refused);
    expect((await token(client_id, 'secret_wrong')).status).toBe(429);
  });

  test('an unknown client id has the same 10 attempts as a known one', async () => {
    const attempt = () => token('client_nobody', 'secret', { remoteAddress: '203.0.113.1' });
    expect(await repeat(11, attempt)).toEqual([...always(401, 10), 429]);
  });

  test('guessing with ever new client ids is limited per address', async () => {
    let id = 0;
    const attempt = (remoteAddress: string) => () => {
      id += 1;
      return token(`client_guess_${id}`, 'secret', { remoteAddress });
    };
    expect(await repeat(perMinute + 1, attempt('203.0.113.2'))).toEqual([...always(401, perMinute), 429]);
    expect(await repeat(1, attempt('203.0.113.3'))).toEqual([401]);
    // A legitimate client behind the same address still gets its token.
    const { client_id, client_secret } = await standard();
    expect((await token(client_id, client_secret, { remoteAddress: '203.0.113.2' })).status).toBe(200);
  });

  test('one client at its limit does not hold up another', async () => {
    const [busy, other] = [await standard(), await standard()];
    await repeat(10, () => token(busy.client_id, busy.client_secret));
    expect((await token(busy.client_id, busy.client_secret)).status).toBe(429);
    expect((await token(other.client_id, other.client_secret)).status).toBe(200);
  });
});

describe('everything else', () => {
  test('takes 50 calls a minute and client, then 429 in the envelope, with Retry-After', async () => {
    const provider = await standard();
    const first = await call(provider);
    expect(allowance(first)).toMatchObject({ limit: perMinute, remaining: perMinute - 1 });
    expect(allowance(first).reset).toBeGreaterThan(55);
    expect(await repeat(perMinute - 1, () => call(provider))).toEqual(always(200, perMinute - 1));

    const refused = await call(provider);
    expect([refused.status, refused.body.code]).toEqual([429, '071-429']);
    expect(allowance(refused)).toMatchObject({ limit: perMinute, remaining: 0 });
    expectRetryAfter(refused);
  });

  test('50 parallel calls over the limit let exactly the limit through', async () => {
    const provider = await standard();
    const answers = await Promise.all(Array.from({ length: perMinute + 20 }, () => call(provider)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(perMinute);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
  });

  test('every answer shows the allowance, whatever its status', async () => {
    const provider = await sandbox.provider({ scopes: ['arc:read', 'dispensing:read'] });
    const requests = '/arc/v1/authorization-requests';
    const answers = {
      200: await call(provider),
      400: await provider.call('POST', '/v1/sponsors/sponsor-sandbox/search', '{', {
        'content-type': 'application/json',
      }),
      401: await sandbox.call('GET', '/v1/sponsors', { remoteAddress: '203.0.113.9' }),
      403: await provider.call('POST', requests, {}),
      404: await provider.call('GET', `${requests}/areq_unknown`),
      405: await provider.call('DELETE', '/v1/sponsors'),
      406: await provider.call('GET', '/v1/sponsors', undefined, { accept: 'text/html' }),
      415: await provider.call('POST', '/v1/sponsors/sponsor-sandbox/search', 'x', {
        'content-type': 'text/plain',
      }),
      422: await provider.call('GET', '/v1/sponsors?size=x'),
    };
    for (const [status, answer] of Object.entries(answers)) {
      expect(String(answer.status)).toBe(status);
      expect(allowance(answer).limit, status).toBeGreaterThan(0);
      expect(allowance(answer).remaining, status).toBeGreaterThanOrEqual(0);
      expect(allowance(answer).reset, status).toBeGreaterThan(0);
    }
  });

  test('refused calls count too', async () => {
    const provider = await standard();
    await repeat(30, () => provider.call('GET', '/arc/v1/authorizations/auth_unknown'));
    await repeat(20, () => provider.call('GET', '/no/such/route'));
    expect((await call(provider)).status).toBe(429);
  });

  test('one client at its limit does not hold up another', async () => {
    const [busy, other] = [await standard(), await standard()];
    await exhaust(busy);
    expect(allowance(await call(other))).toMatchObject({ remaining: perMinute - 1 });
  });

  test('the limit stands before the scope and before the body is read', async () => {
    const provider = await sandbox.provider({ limits: 'standard', scopes: ['arc:read'] });
    await exhaust(provider);
    const answer = await provider.call('POST', '/arc/v1/authorization-requests', '{', {
      'content-type': 'application/json',
    });
    expect(answer.status).toBe(429);
  });

  test('unauthenticated calls are limited per address, and a token is not held up by them', async () => {
    const anonymous = (remoteAddress: string) => () => sandbox.call('GET', '/v1/sponsors', { remoteAddress });
    expect(await repeat(perMinute, anonymous('198.51.100.1'))).toEqual(always(401, perMinute));
    const refused = await anonymous('198.51.100.1')();
    expect([refused.status, refused.body.code]).toEqual([429, '071-429']);
    expectRetryAfter(refused);
    expect(await repeat(1, anonymous('198.51.100.2'))).toEqual([401]);

    const { token: bearer } = await standard();
    const headers = { authorization: `Bearer ${bearer}` };
    const answer = await sandbox.call('GET', '/v1/sponsors', { headers, remoteAddress: '198.51.100.1' });
    expect(answer.status).toBe(200);
  });
});

describe('what does not count into what', () => {
  test('token calls and other calls do not count into each other', async () => {
    const provider = await standard();
    await exhaust(provider);
    expect((await token(provider.client_id, provider.client_secret)).status).toBe(200);

    const other = await standard();
    await repeat(10, () => token(other.client_id, other.client_secret));
    expect(allowance(await call(other)).remaining).toBe(perMinute - 1);
  });

  test('nor do the unauthenticated ones', async () => {
    const remoteAddress = '198.51.100.7';
    await repeat(perMinute + 1, () => sandbox.call('GET', '/v1/sponsors', { remoteAddress }));
    expect((await token('client_elsewhere', 'x', { remoteAddress })).status).toBe(401);
  });

  test('the control surface, health, metrics and docs do not count', async () => {
    const provider = await standard();
    const own = { authorization: `Bearer ${provider.token}` };
    for (let i = 0; i < perMinute + 5; i += 1) {
      const control = await provider.call('GET', `/_sandbox/v1/providers/${provider.slug}/clock`);
      expect(control.status).toBe(200);
    }
    for (const url of ['/healthz', '/readyz', '/metrics', '/openapi.json']) {
      const statuses = await repeat(perMinute + 5, () =>
        sandbox.call('GET', url, { headers: own, remoteAddress: '198.51.100.8' }),
      );
      expect(statuses, url).toEqual(always(200, perMinute + 5));
    }
    expect(allowance(await call(provider)).remaining).toBe(perMinute - 1);
    const stranger = await sandbox.call('GET', '/v1/sponsors', { remoteAddress: '198.51.100.8' });
    expect(stranger.status).toBe(401);
  });

  test('a preflight does not count', async () => {
    const remoteAddress = '198.51.100.9';
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'GET' };
    const statuses = await repeat(perMinute + 5, () =>
      sandbox.call('OPTIONS', '/v1/sponsors', { headers, remoteAddress }),
    );
    expect(statuses).toEqual(always(204, perMinute + 5));
  });
});

describe('standing limits', () => {
  test('hold at once, for this client alone', async () => {
    const [provider, other] = [await standard(), await standard()];
    const url = `/_sandbox/v1/providers/${provider.slug}/limits`;
    const limits = { requests_per_minute: 3, token_requests_per_minute: 2 };
    const set = await sandbox.operator('PUT', url, limits);
    expect(set.body).toEqual({ ...limits, lifts: [] });
    expect((await provider.call('GET', url)).body).toEqual(set.body);
    expect(await repeat(4, () => call(provider))).toEqual([200, 200, 200, 429]);
    const granted = await repeat(2, () => token(provider.client_id, provider.client_secret));
    expect(granted).toEqual([200, 429]);
    expect(allowance(await call(other)).limit).toBe(perMinute);
  });

  test('cannot be set by a client', async () => {
    const provider = await standard();
    const url = `/_sandbox/v1/providers/${provider.slug}/limits`;
    const limits = { requests_per_minute: 100, token_requests_per_minute: 100 };
    expect((await provider.call('PUT', url, limits)).status).toBe(403);
    expect((await provider.call('POST', `${url}/lift`, limits)).status).toBe(403);
  });

  test('that are no limits are 422, all listed', async () => {
    const { slug } = await standard();
    const answer = await sandbox.operator('PUT', `/_sandbox/v1/providers/${slug}/limits`, {
      requests_per_minute: 0,
      token_requests_per_minute: 'many',
    });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((issue: Json) => issue.path)).toEqual([
      'requests_per_minute',
      'token_requests_per_minute',
    ]);
  });
});

describe('a lift', () => {
  const hour = 3_600_000;
  const inMs = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
  const lift = (provider: TestProvider, body: Record<string, unknown>) =>
    sandbox.operator('POST', `/_sandbox/v1/providers/${provider.slug}/limits/lift`, {
      requests_per_minute: 200,
      reason: 'Load test',
      ends_at: inMs(hour),
      ...body,
    });
  const moveLift = (provider: TestProvider, times: { starts_at_real?: number; ends_at_real?: number }) =>
    sandbox.sandbox.units.store.db
      .updateTable('limit_lifts')
      .set(times)
      .where('provider_id', '=', provider.provider_id)
      .execute();

  test('holds at once within its window, and not for another client', async () => {
    const [provider, other] = [await standard(), await standard()];
    await exhaust(provider);
    await exhaust(other);
    const answer = await lift(provider, { token_requests_per_minute: 20 });
    expect(answer.body).toMatchObject({
      requests_per_minute: perMinute,
      token_requests_per_minute: 10,
      lifts: [{ requests_per_minute: 200, token_requests_per_minute: 20, reason: 'Load test' }],
    });
    expect(allowance(await call(provider))).toMatchObject({ limit: 200 });
    expect((await call(provider)).status).toBe(200);
    expect((await call(other)).status).toBe(429);
    expect(allowance(await token(provider.client_id, provider.client_secret)).limit).toBe(20);
  });

  test('that names no token limit leaves that one as it stands', async () => {
    const provider = await standard();
    await lift(provider, {});
    expect(allowance(await token(provider.client_id, provider.client_secret)).limit).toBe(10);
    expect(allowance(await call(provider)).limit).toBe(200);
  });

  test('that starts in the future has no effect before it starts', async () => {
    const provider = await standard();
    await exhaust(provider);
    expect((await lift(provider, { starts_at: inMs(hour), ends_at: inMs(2 * hour) })).status).toBe(200);
    expect((await call(provider)).status).toBe(429);
    await moveLift(provider, { starts_at_real: Date.now() - 1 });
    expect((await call(provider)).status).toBe(200);
  });

  test('ends by itself: the standing limit is back', async () => {
    const provider = await standard();
    await exhaust(provider);
    await lift(provider, {});
    expect((await call(provider)).status).toBe(200);
    await moveLift(provider, { starts_at_real: Date.now() - hour, ends_at_real: Date.now() - 1 });
    const answer = await call(provider);
    expect([answer.status, allowance(answer).limit]).toEqual([429, perMinute]);
    const state = await provider.call('GET', `/_sandbox/v1/providers/${provider.slug}/limits`);
    expect(state.body.lifts).toEqual([]);
  });

  test('runs on real time: the clock of the provider does not end it', async () => {
    const provider = await standard();
    await lift(provider, {});
    await provider.advance(7_200);
    expect(allowance(await call(provider)).limit).toBe(200);
  });

  test.each([
    ['that is over already', { ends_at: '2020-01-01T00:00:00.000Z' }, ['ends_at']],
    [
      'that ends before it starts',
      { starts_at: '2099-01-02T00:00:00.000Z', ends_at: '2099-01-01T00:00:00.000Z' },
      ['ends_at'],
    ],
    ['without a reason', { reason: undefined }, ['reason']],
    ['without an end and with a blank reason', { ends_at: undefined, reason: '' }, ['ends_at', 'reason']],
  ])('%s is 422', async (_name, body, paths) => {
    const answer = await lift(await standard(), body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((issue: Json) => issue.path).sort()).toEqual(paths);
  });
});
