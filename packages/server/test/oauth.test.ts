import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSigningKeys } from '../src/core/tokens/signing-keys.ts';
import { createTokens } from '../src/core/tokens/tokens.ts';
import { basic, type Reply, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let provider: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  provider = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const json = { 'content-type': 'application/json' };
const grant = 'grant_type=client_credentials';
const credentials = (of: { client_id: string; client_secret: string } = provider) =>
  basic(of.client_id, of.client_secret);

interface TokenCall {
  readonly query?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

const token = ({ query = '', body, headers = {} }: TokenCall): Promise<Reply> =>
  sandbox.call('POST', `/v1/oauth/token${query}`, { headers, ...(body !== undefined && { body }) });

const callWith = (authorization: string | undefined) =>
  sandbox.call('GET', '/v1/sponsors', { headers: authorization === undefined ? {} : { authorization } });

/** A token that this server's own key signed, with claims of the test's choosing. */
async function forge(claims: Record<string, unknown>, expires_at: number): Promise<string> {
  const { kid, key } = await createSigningKeys(sandbox.sandbox.units.store).current();
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' })
    .setExpirationTime(expires_at)
    .sign(key);
}

const nowSeconds = () => Math.floor(Date.now() / 1_000);

describe('obtaining a token', () => {
  test.each([
    ['a form body', () => ({ body: grant, headers: { ...form, ...credentials() } })],
    ['a query and no body', () => ({ query: `?${grant}`, headers: credentials() })],
    [
      'a query and no body but a JSON content type',
      () => ({ query: `?${grant}`, headers: { ...json, ...credentials() } }),
    ],
    [
      'a query and the JSON body {}',
      () => ({ query: `?${grant}`, body: '{}', headers: { ...json, ...credentials() } }),
    ],
    [
      'a query and the JSON text ""',
      () => ({ query: `?${grant}`, body: '""', headers: { ...json, ...credentials() } }),
    ],
    [
      'a query and a form',
      () => ({ query: `?${grant}`, body: 'scope=arc%3Aread', headers: { ...form, ...credentials() } }),
    ],
    [
      'a query and an empty form',
      () => ({ query: `?${grant}`, body: '', headers: { ...form, ...credentials() } }),
    ],
    [
      'a JSON body',
      () => ({ body: '{"grant_type":"client_credentials"}', headers: { ...json, ...credentials() } }),
    ],
  ] satisfies [string, () => TokenCall][])('works with the grant type in %s', async (_name, call) => {
    const answer = await token(call());
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 3600,
      scope: 'arc:read arc:write dispensing:read dispensing:write ehr:read ehr:write',
      extensions: {
        provider_slug: provider.slug,
        provider_branch_id: provider.sheet.provider_branch_id,
        provider_branch_timezone: 'America/Bogota',
        client_name: `Provider ${provider.slug}`,
      },
    });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await callWith(`Bearer ${answer.body.access_token}`)).status).toBe(200);
  });

  test.each(['basic', 'BASIC', 'Basic'])('the scheme %s is read whatever its case', async (scheme) => {
    const authorization = credentials().authorization.replace('Basic', scheme);
    expect((await token({ body: grant, headers: { ...form, authorization } })).status).toBe(200);
  });

  test('scopes are fixed on the server: asking for more gives no more', async () => {
    const narrow = await sandbox.provider({ scopes: ['arc:read'] });
    const answer = await token({
      body: `${grant}&scope=arc:write`,
      headers: { ...form, ...credentials(narrow) },
    });
    expect(answer.body.scope).toBe('arc:read');
  });
});

describe('refusals of the token endpoint', () => {
  const expectRefusal = (answer: Reply, status: number, error: string) => {
    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect(Object.keys(answer.body)).toEqual(['error', 'error_description']);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['x-request-id']).toBeDefined();
    if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
  };

  test.each([
    ['no credentials at all', () => ({ body: grant, headers: form })],
    [
      'a bearer token instead',
      () => ({ body: grant, headers: { ...form, authorization: `Bearer ${provider.token}` } }),
    ],
    ['Basic that is not Base64', () => ({ body: grant, headers: { ...form, authorization: 'Basic %%%' } })],
    [
      'Basic without a colon',
      () => ({ body: grant, headers: { ...form, authorization: `Basic ${btoa('nobody')}` } }),
    ],
    [
      'an unknown client',
      () => ({ body: grant, headers: { ...form, ...basic('client_unknown', 'secret') } }),
    ],
    [
      'a wrong secret',
      () => ({ body: grant, headers: { ...form, ...basic(provider.client_id, 'secret_wrong') } }),
    ],
    ['an empty secret', () => ({ body: grant, headers: { ...form, ...basic(provider.client_id, '') } })],
    [
      'credentials in a form body',
      () => ({
        body: `${grant}&client_id=${provider.client_id}&client_secret=${provider.client_secret}`,
        headers: form,
      }),
    ],
    [
      'credentials in a JSON body',
      () => ({
        body: JSON.stringify({
          grant_type: 'client_credentials',
          client_id: provider.client_id,
          client_secret: provider.client_secret,
        }),
        headers: json,
      }),
    ],
    [
      'credentials in the query',
      () => ({
        query: `?${grant}&client_id=${provider.client_id}&client_secret=${provider.client_secret}`,
      }),
    ],
    [
      'right Basic, but credentials in the body too',
      () => ({
        body: `${grant}&client_secret=${provider.client_secret}`,
        headers: { ...form, ...credentials() },
      }),
    ],
    [
      'right Basic, but credentials in the query too',
      () => ({
        query: `?${grant}&client_id=${provider.client_id}`,
        headers: credentials(),
      }),
    ],
  ] satisfies [string, () => TokenCall][])('%s is 401 invalid_client', async (_name, call) => {
    expectRefusal(await token(call()), 401, 'invalid_client');
  });

  test.each([
    ['no grant_type', () => ({ headers: credentials() }), 'invalid_request'],
    [
      'an empty grant_type',
      () => ({ body: 'grant_type=', headers: { ...form, ...credentials() } }),
      'invalid_request',
    ],
    [
      'grant_type given twice',
      () => ({ body: `${grant}&${grant}`, headers: { ...form, ...credentials() } }),
      'invalid_request',
    ],
    [
      'a grant_type that is no text',
      () => ({ body: '{"grant_type":{}}', headers: { ...json, ...credentials() } }),
      'invalid_request',
    ],
    [
      'another grant_type',
      () => ({ body: 'grant_type=password', headers: { ...form, ...credentials() } }),
      'unsupported_grant_type',
    ],
    [
      'malformed JSON',
      () => ({ body: '{"grant_type":', headers: { ...json, ...credentials() } }),
      'invalid_request',
    ],
    [
      'a body that is no object',
      () => ({ body: '[1]', headers: { ...json, ...credentials() } }),
      'invalid_request',
    ],
  ] satisfies [string, () => TokenCall, string][])('%s is 400', async (_name, call, error) => {
    expectRefusal(await token(call()), 400, error);
  });

  test.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'nonsense'])(
    'a body of type %s is refused in the shape of RFC 6749',
    async (type) => {
      const answer = await token({ body: grant, headers: { 'content-type': type, ...credentials() } });
      expect(answer.status).toBe(415);
      expectRefusal(answer, 415, 'invalid_request');
    },
  );

  test('an unknown client and a wrong secret get the same answer', async () => {
    const unknown = await token({ body: grant, headers: { ...form, ...basic('client_unknown_too', 'x') } });
    const wrong = await token({ body: grant, headers: { ...form, ...basic(provider.client_id, 'x') } });
    const comparable = ({ status, text, headers }: Reply) => ({
      status,
      text,
      headers: Object.keys(headers).sort(),
      challenge: headers['www-authenticate'],
    });
    expect(comparable(unknown)).toEqual(comparable(wrong));
  });
});

describe('the access token', () => {
  test('is an RS256 JWT with a kid and its claims, verifiable with the published keys', async () => {
    const { body: jwks, headers } = await sandbox.call('GET', '/v1/oauth/jwks.json');
    expect(headers['content-type']).toMatch(/^application\/json/);
    const header = decodeProtectedHeader(provider.token);
    expect(header).toMatchObject({ alg: 'RS256', kid: expect.any(String) });
    const { payload } = await jwtVerify(provider.token, createLocalJWKSet(jwks));
    expect(payload).toMatchObject({
      iss: expect.stringMatching(/^http/),
      sub: provider.client_id,
      client_id: provider.client_id,
      provider_slug: provider.slug,
      environment: 'sandbox',
      scope: 'arc:read arc:write dispensing:read dispensing:write ehr:read ehr:write',
      iat: expect.any(Number),
      jti: expect.any(String),
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600);
  });

  test('the published keys hold nothing private', async () => {
    const { body } = await sandbox.call('GET', '/v1/oauth/jwks.json');
    for (const key of body.keys)
      expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  test('two tokens are never the same', async () => {
    const call = () => token({ body: grant, headers: { ...form, ...credentials() } });
    const [first, second] = await Promise.all([call(), call()]);
    expect(decodeJwt(first.body.access_token).jti).not.toBe(decodeJwt(second.body.access_token).jti);
  });

  test('a rotated key signs what is new and the old one still verifies what is out', async () => {
    const own = await startSandbox();
    try {
      const client = await own.provider();
      await createSigningKeys(own.sandbox.units.store).rotate();
      const { body: fresh } = await own.call('POST', `/v1/oauth/token?${grant}`, {
        headers: credentials(client),
      });
      const kids = [client.token, fresh.access_token].map((each) => decodeProtectedHeader(each).kid);
      expect(kids[0]).not.toBe(kids[1]);
      const { body: jwks } = await own.call('GET', '/v1/oauth/jwks.json');
      expect(jwks.keys.map((key: { kid: string }) => key.kid).sort()).toEqual([...kids].sort());
      for (const each of [client.token, fresh.access_token]) {
        await jwtVerify(each, createLocalJWKSet(jwks));
        const answer = await own.call('GET', '/v1/sponsors', {
          headers: { authorization: `Bearer ${each}` },
        });
        expect(answer.status).toBe(200);
      }
    } finally {
      await own.stop();
    }
  });

  test('a key that was retired longer ago than a token lives is gone', async () => {
    const own = await startSandbox();
    try {
      const client = await own.provider();
      const { store } = own.sandbox.units;
      await createSigningKeys(store).rotate();
      const kid = decodeProtectedHeader(client.token).kid;
      await store.db
        .updateTable('signing_keys')
        .set({ retired_at_real: Date.now() - 3_601_000 })
        .where('retired_at_real', 'is not', null)
        .execute();
      const { body: jwks } = await own.call('GET', '/v1/oauth/jwks.json');
      expect(jwks.keys).toHaveLength(1);
      expect(jwks.keys[0].kid).not.toBe(kid);
    } finally {
      await own.stop();
    }
  });
});

describe('what is no live token', () => {
  const expectRefused = (answer: Reply) => {
    expect([answer.status, answer.body.code]).toEqual([401, '071-401']);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  };
  const [header = '', payload = '', signature = ''] = ['e30', 'e30', 'e30'];

  test.each([
    ['nothing', undefined],
    ['an empty scheme', 'Bearer'],
    ['an empty token', 'Bearer '],
    ['another scheme', 'Basic abc'],
    ['garbage', 'Bearer garbage'],
    ['three dots', 'Bearer ...'],
    ['empty objects', `Bearer ${header}.${payload}.${signature}`],
    ['two tokens', 'Bearer a b'],
    ['a control character', 'Bearer a\tb'],
    ['100 kB', `Bearer ${'a'.repeat(100_000)}`],
  ])('%s is 401 with a Bearer challenge', async (_name, authorization) => {
    expectRefused(await callWith(authorization));
  });

  test('a token without or with another signature is refused', async () => {
    const [head = '', claims = '', signed = ''] = provider.token.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const other = signed.startsWith('A') ? `B${signed.slice(1)}` : `A${signed.slice(1)}`;
    for (const each of [`${none}.${claims}.`, `${head}.${claims}.`, `${head}.${claims}.${other}`]) {
      expectRefused(await callWith(`Bearer ${each}`));
    }
  });

  test('claims that were changed are refused', async () => {
    const [head = '', , signed = ''] = provider.token.split('.');
    const claims = { ...decodeJwt(provider.token), client_id: 'client_other' };
    const changed = Buffer.from(JSON.stringify(claims)).toString('base64url');
    expectRefused(await callWith(`Bearer ${head}.${changed}.${signed}`));
  });

  test('a public key as HMAC secret is refused', async () => {
    const { body: jwks } = await sandbox.call('GET', '/v1/oauth/jwks.json');
    const { kid } = decodeProtectedHeader(provider.token);
    const forged = await new SignJWT({ ...decodeJwt(provider.token) })
      .setProtectedHeader({ alg: 'HS256', kid: kid ?? '' })
      .sign(new TextEncoder().encode(JSON.stringify(jwks.keys[0])));
    expectRefused(await callWith(`Bearer ${forged}`));
  });

  test('an expired token is refused, though its signature is right', async () => {
    const claims = decodeJwt(provider.token);
    const live = await forge(claims, nowSeconds() + 60);
    expect((await callWith(`Bearer ${live}`)).status).toBe(200);
    expectRefused(await callWith(`Bearer ${await forge(claims, nowSeconds() - 1)}`));
  });

  test('a token of the other environment is refused, though the key is the same', async () => {
    const keys = createSigningKeys(sandbox.sandbox.units.store);
    const subject = {
      client_id: provider.client_id,
      provider_slug: provider.slug,
      scopes: ['arc:read'],
      credential_version: 1,
    } as const;
    const own = await createTokens(keys, 'sandbox').issue(subject, 'http://localhost');
    const other = await createTokens(keys, 'production').issue(subject, 'http://localhost');
    expect((await callWith(`Bearer ${own}`)).status).toBe(200);
    expectRefused(await callWith(`Bearer ${other}`));
  });

  test('a server of the production profile takes no token of the sandbox and has no control surface', async () => {
    const production = await startSandbox({ environment: 'production' });
    try {
      const headers = { authorization: `Bearer ${provider.token}` };
      expectRefused(await production.call('GET', '/v1/sponsors', { headers }));
      const control = await production.operator('GET', '/_sandbox/v1/providers');
      expect([control.status, control.body.code]).toEqual([404, '071-404-route']);
    } finally {
      await production.stop();
    }
  });

  test.each(['bearer', 'BEARER', 'BeArEr'])('but the scheme %s is as good as Bearer', async (scheme) => {
    expect((await callWith(`${scheme} ${provider.token}`)).status).toBe(200);
  });
});

describe('rotating credentials', () => {
  test('kills the old secret and its live tokens at once; the new secret works', async () => {
    const client = await sandbox.provider();
    const grantWith = (secret: string) =>
      token({ body: grant, headers: { ...form, ...basic(client.client_id, secret) } });
    const other = await sandbox.provider();
    expect((await client.call('GET', '/v1/sponsors')).status).toBe(200);

    const rotated = await sandbox.operator(
      'POST',
      `/_sandbox/v1/providers/${client.slug}/credentials/rotate`,
    );
    expect(rotated.body).toEqual({ client_id: client.client_id, client_secret: expect.any(String) });
    expect(rotated.headers['cache-control']).toBe('no-store');

    const dead = await client.call('GET', '/v1/sponsors');
    expect([dead.status, dead.body.code]).toEqual([401, '071-401']);
    expect((await grantWith(client.client_secret)).body.error).toBe('invalid_client');
    const renewed = await grantWith(rotated.body.client_secret);
    expect((await callWith(`Bearer ${renewed.body.access_token}`)).status).toBe(200);
    expect((await other.call('GET', '/v1/sponsors')).status).toBe(200);
  });

  test('is for the operator only', async () => {
    const answer = await provider.call('POST', `/_sandbox/v1/providers/${provider.slug}/credentials/rotate`);
    expect([answer.status, answer.body.code]).toEqual([403, '071-403-operator']);
  });

  test('secrets are in the database only as a slow salted hash', async () => {
    const rows = await sandbox.sandbox.units.store.db.selectFrom('clients').selectAll().execute();
    expect(new Set(rows.map((row) => row.secret_hash)).size).toBe(rows.length);
    for (const row of rows) expect(row.secret_hash).toMatch(/^scrypt\$/);
    expect(JSON.stringify(rows)).not.toContain(provider.client_secret);
  });
});
