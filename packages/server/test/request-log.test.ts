import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bodiesIn, summariesIn } from '../src/core/requests/batch.ts';
import { approve, dispense, initiate, pdf, prescribe, requestBody } from './flows.ts';
import { basic, type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

const logOf = (by: TestProvider, rest = '') => `/_sandbox/v1/providers/${by.slug}/requests${rest}`;
const form = { 'content-type': 'application/x-www-form-urlencoded' };

async function list(by: TestProvider, query = ''): Promise<Json[]> {
  return (await by.call('GET', logOf(by, `?size=100${query}`))).body.content;
}

async function newest(by: TestProvider): Promise<Json> {
  const [{ log_id }] = await list(by);
  return (await by.call('GET', logOf(by, `/${log_id}`))).body;
}

/** Everything that is stored, in plain text. */
async function keptIn({ sandbox: { units } }: TestSandbox) {
  const rows = await units.store.db.selectFrom('request_log').selectAll().execute();
  return rows.map((row) => ({
    ...row,
    summaries: summariesIn(row.summaries),
    bodies: bodiesIn(row.bodies),
  }));
}

/** `GET /v1/sponsors 200` for each, newest first. */
const told = (entries: readonly Json[]) =>
  entries.map(({ method, path, status }) => `${method} ${path} ${status}`);

describe('what is in it', () => {
  test('every call of the provider, newest first, as soon as it is answered; none of the control surface', async () => {
    const own = await sandbox.provider();
    await own.call('GET', '/v1/sponsors?size=2');
    await own.call('POST', '/arc/v1/authorization-requests', {});
    await own.call('GET', '/no/such/route');
    await own.call('GET', `/_sandbox/v1/providers/${own.slug}/clock`);
    await own.call('GET', '/_sandbox/v1/nothing');
    await sandbox.call('GET', '/v1/sponsors');
    await sandbox.call('GET', '/healthz');
    const entries = await list(own);
    expect(told(entries)).toEqual([
      'GET /no/such/route 404',
      'POST /arc/v1/authorization-requests 422',
      'GET /v1/sponsors?size=2 200',
      'POST /v1/oauth/token 200',
    ]);
    expect(entries.map(({ route, error_code }) => [route, error_code])).toEqual([
      [null, '071-404-route'],
      ['/arc/v1/authorization-requests', '071-422-validation'],
      ['/v1/sponsors', null],
      ['/v1/oauth/token', null],
    ]);
    for (const entry of entries) {
      expect(entry).toMatchObject({
        client_id: own.client_id,
        reset_at: null,
        fault: null,
        idempotency: null,
      });
      expect(entry.latency_ms).toBeGreaterThanOrEqual(0);
      expect(entry.response_bytes).toBeGreaterThan(0);
      expect(entry).not.toHaveProperty('request_body');
    }
  });

  test('the bodies of one, found by its own id or by the X-Request-Id of the answer', async () => {
    const own = await sandbox.provider();
    const body = requestBody(own);
    const { headers, body: answer } = await own.call('POST', '/arc/v1/authorization-requests', body);
    const { body: entry } = await own.call('GET', logOf(own, `/${headers['x-request-id']}`));
    expect(entry).toMatchObject({
      request_id: headers['x-request-id'],
      request_type: 'application/json',
      request_body: body,
      request_bytes: JSON.stringify(body).length,
      response_type: 'application/json; charset=utf-8',
      response_body: answer,
      status: 201,
    });
    expect((await own.call('GET', logOf(own, `/${entry.log_id}`))).body).toEqual(entry);
    const unknown = await own.call('GET', logOf(own, '/req_unknown'));
    expect([unknown.status, unknown.body.code]).toEqual([404, '071-404-request']);
  });

  test('a request id that was sent several times names the newest of its calls', async () => {
    const own = await sandbox.provider();
    const headers = { 'x-request-id': 'order-17' };
    await own.call('GET', '/v1/sponsors', undefined, headers);
    await own.call('GET', '/arc/v1/authorizations/none', undefined, headers);
    expect((await own.call('GET', logOf(own, '/order-17'))).body.status).toBe(404);
    expect(told(await list(own, '&request_id=order-17'))).toEqual([
      'GET /arc/v1/authorizations/none 404',
      'GET /v1/sponsors 200',
    ]);
  });

  test('whether a key came with the call, and whether the answer was a replayed one', async () => {
    const own = await sandbox.provider();
    const key = { 'idempotency-key': 'once' };
    const product = { product_code: 'MED-SBX-902' };
    for (let i = 0; i < 2; i += 1) await own.call('POST', '/arc/v1/providers/products', product, key);
    const [second, first] = await list(own, '&path=products');
    expect([first.idempotency, second.idempotency]).toEqual(['NEW', 'REPLAYED']);
    expect(second.status).toBe(first.status);
  });

  test("the moment on the provider's clock and the real one; a reset keeps the log and tells the runs apart", async () => {
    const own = await sandbox.provider();
    await own.advance(7 * 86_400);
    await own.call('GET', '/v1/sponsors');
    const ahead = await newest(own);
    expect(Date.parse(ahead.at) - Date.parse(ahead.at_real)).toBeGreaterThan(7 * 86_400_000 - 1_000);
    await own.call('POST', `/_sandbox/v1/providers/${own.slug}/reset`);
    await own.call('GET', '/v1/sponsors');
    const [after, before] = await list(own);
    expect(Date.parse(after.at)).toBe(Date.parse(after.at_real));
    expect(before).toMatchObject({ log_id: ahead.log_id, reset_at: null });
    expect(Date.parse(after.reset_at)).toBeGreaterThan(0);
    expect(await list(own, '&since_reset=true')).toEqual([after]);
  });

  test('what was refused before it was read: too many calls, no scope, another provider in the path', async () => {
    const own = await sandbox.provider({ scopes: ['arc:read'] });
    const limits = { requests_per_minute: 3, token_requests_per_minute: 10 };
    await sandbox.operator('PUT', `/_sandbox/v1/providers/${own.slug}/limits`, limits);
    await own.call('POST', '/arc/v1/authorization-requests', {});
    await own.call('POST', '/arc/v1/providers/another/biometric-reading', {});
    await own.call('GET', '/v1/sponsors');
    await own.call('GET', '/v1/sponsors');
    const entries = await list(own, '&status=4xx');
    expect(entries.map(({ status }) => status)).toEqual([429, 403, 403]);
    expect(entries[0].error_code).toBe('071-429');
  });

  test('files are told by their size, bytes are not kept', async () => {
    const own = await sandbox.provider();
    const url = `/arc/v1/authorization-requests/${await initiate(own)}/indications`;
    await own.call('POST', url, {
      file_type: 'MEDICAL_INDICATION',
      file_name: 'i.pdf',
      content_base64: pdf,
    });
    expect((await newest(own)).request_body).toEqual({
      file_type: 'MEDICAL_INDICATION',
      file_name: 'i.pdf',
      content_base64: `[${pdf.length} characters]`,
    });
    const parts = [
      '--x\r\nContent-Disposition: form-data; name="file_type"\r\n\r\nMEDICAL_INDICATION\r\n',
      '--x\r\nContent-Disposition: form-data; name="file"; filename="i.pdf"\r\n\r\n',
      Buffer.from(pdf, 'base64').toString(),
      '\r\n--x--\r\n',
    ].join('');
    await own.call('POST', url, parts, { 'content-type': 'multipart/form-data; boundary=x' });
    const entry = await newest(own);
    expect(entry.request_type).toMatch(/^multipart\/form-data/);
    expect(entry.request_body.content_base64).toBe(`[${pdf.length} characters]`);
    const { prescription_id } = await prescribe(own);
    const document = await own.call('GET', `/ehr/v1/prescriptions/${prescription_id}/pdf`);
    expect(document.headers['content-type']).toBe('application/pdf');
    expect(await newest(own)).toMatchObject({ response_type: 'application/pdf', response_body: null });
  });

  test('a long body is cut; one that cannot be read is not kept', async () => {
    const own = await sandbox.provider();
    await own.call('POST', '/arc/v1/authorization-requests', { note: 'x'.repeat(100_000) });
    const long = await newest(own);
    expect(long.request_bytes).toBeGreaterThan(100_000);
    expect(long.request_body).toMatch(/^\{"note":"xxx+…$/);
    expect(long.request_body.length).toBe(8_192);
    await own.call('POST', '/arc/v1/authorization-requests', '{"client_secret": "abc', {
      'content-type': 'application/json',
    });
    expect(await newest(own)).toMatchObject({ status: 400, request_body: null });
  });

  test('a call whose connection ends before it is answered, without a status', async () => {
    const own = await sandbox.provider();
    const { app } = sandbox.sandbox;
    if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const call = httpRequest({
      port,
      method: 'POST',
      path: '/arc/v1/authorization-requests',
      headers: {
        authorization: `Bearer ${own.token}`,
        'content-type': 'application/json',
        'content-length': 1_000,
      },
    });
    call.on('error', () => {});
    call.write('{"half": ', () => call.destroy());
    await vi.waitFor(async () => {
      expect(await list(own, '&status=none')).toHaveLength(1);
    });
    expect(await newest(own)).toMatchObject({ status: null, error_code: null, response_body: null });
  });

  test('a fault that the call met, also where it took the answer away', async () => {
    const own = await sandbox.provider();
    await own.call('PUT', `/_sandbox/v1/providers/${own.slug}/faults`, {
      routes: [
        { path: '/v1/sponsors', status: 502, count: 1 },
        { path: '/v1/sponsors', drop: true, count: 1 },
      ],
    });
    await own.call('GET', '/v1/sponsors');
    await own.call('GET', '/v1/sponsors').catch(() => undefined);
    await vi.waitFor(async () => {
      const entries = await list(own, '&path=/v1/sponsors');
      expect(entries.map(({ status }) => status)).toEqual([null, 502]);
      expect(entries.map(({ fault }) => fault)).toEqual([
        expect.stringContaining('drop'),
        expect.stringContaining('502'),
      ]);
    });
  });
});

describe('the token endpoint', () => {
  test('is logged for the client that is named, whether it was let in or not', async () => {
    const own = await sandbox.provider();
    const token = (secret: string, body = 'grant_type=client_credentials') =>
      sandbox.call('POST', '/v1/oauth/token', {
        body,
        headers: { ...basic(own.client_id, secret), ...form },
      });
    await token('wrong-secret');
    await token(own.client_secret, 'grant_type=password');
    await sandbox.operator('PUT', `/_sandbox/v1/providers/${own.slug}/limits`, {
      requests_per_minute: 100,
      token_requests_per_minute: 1,
    });
    await token(own.client_secret);
    const entries = await list(own, '&path=/oauth/token');
    expect(entries.map(({ status, error_code }) => [status, error_code])).toEqual([
      [429, 'rate_limited'],
      [400, 'unsupported_grant_type'],
      [401, 'invalid_client'],
      [200, null],
    ]);
    const { body: granted } = await own.call('GET', logOf(own, `/${entries[3].log_id}`));
    expect(granted.request_body).toEqual({ grant_type: 'client_credentials' });
    expect(granted.response_body).toMatchObject({ access_token: '[redacted]', token_type: 'bearer' });
  });

  test('credentials in the wrong place are shown to the client they name, and to nobody else', async () => {
    const own = await sandbox.provider();
    const { client_id, client_secret } = own;
    const fields = { grant_type: 'client_credentials', client_id, client_secret };
    const ask = (body: string, query = '', headers: Record<string, string> = form) =>
      sandbox.call('POST', `/v1/oauth/token${query}`, { body, headers });
    const answers = [
      await ask(`${new URLSearchParams(fields)}`),
      await ask(JSON.stringify(fields), '', { 'content-type': 'application/json' }),
      await ask('', `?${new URLSearchParams(fields)}`),
    ];
    const unknown = await ask(`${new URLSearchParams({ ...fields, client_id: 'client_of_nobody' })}`);
    for (const { status, body } of answers) expect([status, body]).toEqual([unknown.status, unknown.body]);
    await vi.waitFor(async () => {
      const entries = await list(own, '&path=/oauth/token&status=401');
      expect(entries.map(({ error_code }) => error_code)).toEqual(answers.map(() => 'invalid_client'));
    });
    const [inQuery, inJson, inForm] = await list(own, '&path=/oauth/token&status=401');
    expect(inQuery.path).toContain('client_secret=[redacted]');
    for (const { log_id } of [inJson, inForm]) {
      const { body } = await own.call('GET', logOf(own, `/${log_id}`));
      expect(body.request_body).toEqual({ ...fields, client_secret: '[redacted]' });
      expect(body.response_body).toEqual(unknown.body);
    }
    const calls = (await keptIn(sandbox)).flatMap(({ summaries }) => summaries);
    expect(calls.filter((call) => call.client_id === 'client_of_nobody')).toEqual([]);
  });

  test('JSON that is sent as a form is not kept', async () => {
    const own = await sandbox.provider();
    const { client_id, client_secret } = own;
    const headers = { ...basic(client_id, client_secret), ...form };
    const body = JSON.stringify({ grant_type: 'client_credentials', client_id, client_secret });
    expect((await sandbox.call('POST', '/v1/oauth/token', { body, headers })).status).toBe(400);
    expect(await newest(own)).toMatchObject({ path: '/v1/oauth/token', request_body: '[not a form]' });
  });

  test('an unknown client is nobody', async () => {
    const headers = { ...basic('client_of_nobody', 'secret'), ...form };
    await sandbox.call('POST', '/v1/oauth/token', { body: 'grant_type=client_credentials', headers });
    await list(await sandbox.provider());
    const calls = (await keptIn(sandbox)).flatMap(({ summaries }) => summaries);
    expect(calls.filter(({ client_id }) => client_id === 'client_of_nobody')).toEqual([]);
  });
});

test('no secret of a whole flow is anywhere in the log', async () => {
  const own = await sandbox.provider();
  const value = Buffer.from('a fingerprint of somebody').toString('base64');
  const { body: subscription } = await own.call('POST', '/webhooks/v1/subscriptions', {
    url: 'http://127.0.0.1:9/events',
    event_types: ['*'],
  });
  const rotated = await own.call(
    'POST',
    `/webhooks/v1/subscriptions/${subscription.subscription_id}/rotate-secret`,
  );
  const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-otp' });
  const { body: sent } = await own.call('POST', '/v1/otp/send', {
    beneficiary_id: own.beneficiary(),
    sponsor_slug: 'sponsor-sandbox-otp',
    channel: 'SMS',
  });
  const outbox = await own.call('GET', `/_sandbox/v1/providers/${own.slug}/outbox?size=1`);
  const { otp_code } = outbox.body.content[0];
  await own.call('POST', '/v1/otp/validate', { otp_id: sent.otp_id, code: '000000' });
  await own.call('POST', '/v1/otp/validate', { code: otp_code });
  await own.call('POST', `/v1/otp/validate?code=${otp_code}`, {
    otp_id: sent.otp_id,
    code: Number(otp_code),
  });
  const onEncoded = await own.call('POST', `/v1/%6Ftp/validate?Code=${otp_code}`, { Code: otp_code });
  expect(onEncoded.status).toBe(422);
  await own.call('POST', `/v1/ot%70/check?code=${otp_code}`, { otp_id: sent.otp_id, code: otp_code });
  await own.call('GET', `/webhooks/v1/deliveries?access_token=${own.token}`);
  const { body: proof } = await own.call('POST', '/v1/otp/validate', { otp_id: sent.otp_id, code: otp_code });
  const { otp_verification_token } = proof;
  await own.call('POST', `/arc/v1/authorization-requests/${id}/complete`, { otp_verification_token });
  await own.call('POST', `/arc/v1/providers/${own.slug}/biometric-reading`, {
    beneficiary_id: own.beneficiary(),
    type: 'FINGERPRINT_READING',
    value,
  });
  await dispense(own, { sponsor_slug: 'sponsor-sandbox-biometric' });
  await sandbox.call('POST', `/v1/oauth/token?client_secret=${own.client_secret}`, {
    body: `grant_type=client_credentials&client_id=${own.client_id}&client_secret=${own.client_secret}`,
    headers: { ...basic(own.client_id, own.client_secret), ...form },
  });
  await list(own);
  const batches = (await keptIn(sandbox)).filter(({ provider_id }) => provider_id === own.provider_id);
  const kept = JSON.stringify(batches);
  expect(batches.flatMap(({ bodies }) => bodies).length).toBeGreaterThan(12);
  expect(kept).toContain('[redacted]');
  const secrets: Record<string, string> = {
    client_secret: own.client_secret,
    token: own.token,
    webhook: subscription.secret,
    rotated: rotated.body.secret,
    otp_code,
    otp_verification_token,
    biometric: value,
    match: Buffer.from('match').toString('base64'),
    basic: basic(own.client_id, own.client_secret).authorization,
  };
  for (const [name, secret] of Object.entries(secrets)) {
    expect(secret, name).toMatch(/^.{6,}$/);
    expect(kept.includes(secret), name).toBe(false);
  }
});

describe('reading it', () => {
  let own: TestProvider;

  beforeAll(async () => {
    own = await sandbox.provider();
    await own.call('GET', '/v1/sponsors');
    await own.call('GET', '/arc/v1/authorizations/100%25_unknown');
    await own.call('POST', '/arc/v1/authorization-requests', {});
    await own.advance(3_600);
    await approve(own);
  });

  test.each([
    ['method=get', 2],
    ['method=POST', 4],
    ['path=/arc/v1/authorization', 4],
    ['path=100%2525_', 1],
    ['path=%25', 1],
    ['status=404', 1],
    ['status=4xx', 2],
    ['status=5xx', 0],
    ['status=2xx', 4],
    ['status=none', 0],
    ['error_code=071-422-validation', 1],
    ['request_id=nothing', 0],
    ['min_latency_ms=0', 6],
    ['min_latency_ms=100000', 0],
    ['since_reset=true', 6],
    ['method=POST&status=4xx', 1],
  ])('?%s finds %i', async (query, found) => {
    const { body } = await own.call('GET', logOf(own, `?${query}`));
    expect([body.content.length, body.page.total_elements], JSON.stringify(told(body.content))).toEqual([
      found,
      found,
    ]);
  });

  test('from and to are on the clock of the provider, both included', async () => {
    const entries = await list(own);
    const { at } = entries[1];
    expect(told(await list(own, `&from=${at}`))).toEqual(told(entries.slice(0, 2)));
    const later = entries.filter((each) => each.at <= at).length;
    expect(await list(own, `&to=${at}`)).toHaveLength(later);
  });

  test('comes in pages', async () => {
    const { body } = await own.call('GET', logOf(own, '?size=4&page=1&method=POST&status=2xx'));
    expect(body.page).toEqual({ size: 4, total_elements: 3, total_pages: 1, number: 1 });
    const pages = [0, 1, 2].map((page) => own.call('GET', logOf(own, `?size=2&page=${page}`)));
    const entries = (await Promise.all(pages)).flatMap((page) => page.body.content);
    expect(entries).toEqual(await list(own));
  });

  test('nonsense is 422', async () => {
    for (const query of ['status=6xx', 'status=40', 'from=yesterday', 'min_latency_ms=-1']) {
      expect((await own.call('GET', logOf(own, `?${query}`))).status, query).toBe(422);
    }
  });

  test('is for the operator and the provider itself', async () => {
    const other = await sandbox.provider();
    const [{ log_id }] = await list(own);
    const answers = [
      await sandbox.call('GET', logOf(own)),
      await other.call('GET', logOf(own)),
      await other.call('GET', logOf(other, `/${log_id}`)),
      await sandbox.operator('GET', '/_sandbox/v1/providers/nobody/requests'),
      await sandbox.operator('GET', logOf(own)),
    ];
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [401, '071-401'],
      [403, '071-403-provider-mismatch'],
      [404, '071-404-request'],
      [404, '071-404-provider'],
      [200, undefined],
    ]);
  });
});

describe('its bounds', () => {
  test('the last calls are kept, by number', async () => {
    const small = await startSandbox({ requestLog: { kept: { rows: 30, bytes: 10_000_000 } } });
    try {
      const [own, other] = [await small.provider(), await small.provider()];
      await other.call('GET', '/v1/sponsors');
      for (let i = 0; i < 75; i += 1) await own.call('GET', `/arc/v1/authorizations/number-${i}`);
      const { body } = await own.call('GET', logOf(own, '?size=100'));
      expect(body.page.total_elements).toBe(30);
      expect([body.content[0].path, body.content[29].path]).toEqual([
        '/arc/v1/authorizations/number-74',
        '/arc/v1/authorizations/number-45',
      ]);
      expect(await list(other)).toHaveLength(2);
    } finally {
      await small.stop();
    }
  });

  test('and by bytes', async () => {
    const small = await startSandbox({ requestLog: { kept: { rows: 10_000, bytes: 50_000 } } });
    try {
      const own = await small.provider();
      for (let i = 0; i < 20; i += 1) {
        // Nothing makes this shorter than three quarters.
        const note = randomBytes(4_500).toString('base64');
        await own.call('POST', '/arc/v1/authorization-requests', { note });
        await list(own);
      }
      expect((await list(own)).length).toBeLessThan(12);
      const { db } = small.sandbox.units.store;
      const rows = await db.selectFrom('request_log').select(['bytes', 'summaries', 'bodies']).execute();
      const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
      expect(bytes).toBe(rows.reduce((sum, row) => sum + row.summaries.length + row.bodies.length, 0));
      expect(bytes).toBeLessThanOrEqual(50_000);
      expect(bytes).toBeGreaterThan(40_000);
    } finally {
      await small.stop();
    }
  });

  test('more than can wait costs the oldest entries and no call, and a metric counts them', async () => {
    const small = await startSandbox({ requestLog: { waiting: { calls: 5, bytes: 1_000_000 } } });
    try {
      const own = await small.provider();
      await list(own);
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, i) => own.call('GET', `/arc/v1/authorizations/${i}`)),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 404));
      const logged = (await list(own, '&path=/authorizations/')).length;
      const { text } = await small.call('GET', '/metrics');
      const lost = Number(/^osigu_request_log_lost_total\{reason="overflow"\} (\d+)$/m.exec(text)?.[1]);
      expect(lost).toBeGreaterThan(0);
      expect(logged + lost).toBe(12);
    } finally {
      await small.stop();
    }
  });

  test('what is waiting when the server stops is written', async () => {
    const own = await startSandbox();
    const { db } = own.sandbox.units.store;
    const destroy = db.destroy.bind(db);
    const counted: number[] = [];
    db.destroy = async () => {
      const rows = await db.selectFrom('request_log').select('calls').execute();
      counted.push(rows.reduce((sum, { calls }) => sum + calls, 0));
      await destroy();
    };
    const provider = await own.provider();
    await provider.call('GET', '/v1/sponsors');
    await own.stop();
    expect(counted).toEqual([2]);
  });
});

test('the production profile keeps nothing', async () => {
  const production = await startSandbox({ environment: 'production' });
  try {
    const { app } = production.sandbox;
    expect(app.hasRoute({ method: 'GET', url: '/_sandbox/v1/providers/:provider_slug/requests' })).toBe(
      false,
    );
    expect(app.hasRoute({ method: 'GET', url: '/_sandbox/v1/providers/:provider_slug/live' })).toBe(false);
  } finally {
    await production.stop();
  }
});
