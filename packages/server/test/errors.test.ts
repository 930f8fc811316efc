import { errorRegistry } from '@osigu-sandbox/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initiate, pdf, requestBody } from './flows.ts';
import {
  type Json,
  type Method,
  type Reply,
  startSandbox,
  type TestProvider,
  type TestSandbox,
} from './harness.ts';

let sandbox: TestSandbox;
let provider: TestProvider;
/** Limited to reading pre-authorizations. */
let reader: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  provider = await sandbox.provider();
  reader = await sandbox.provider({ scopes: ['arc:read'] });
});
afterAll(() => sandbox.stop());

const requests = '/arc/v1/authorization-requests';
const search = '/v1/sponsors/sponsor-sandbox/search';
const json = { 'content-type': 'application/json' };
const person = { document_type: 'CC', document_number: '1000000001' };

/** Every error that a test of this file was answered; looked through at the end. */
const collected: Reply[] = [];

function expectError(answer: Reply, status: number, code: string): void {
  expect([answer.status, answer.body?.code], answer.text.slice(0, 500)).toEqual([status, code]);
  collected.push(answer);
}

async function refused(
  status: number,
  code: string,
  method: Method,
  url: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Reply> {
  const answer = await provider.call(method, url, body, headers);
  expectError(answer, status, code);
  return answer;
}

const pathsOf = (answer: Reply) => answer.body.errors.map((issue: Json) => issue.path);

describe('400: what cannot be read', () => {
  test.each([
    ['no JSON', '{"document_type":'],
    ['two values', '{}{}'],
    ['a trailing comma', '{"a":1,}'],
    ['single quotes', "{'a':1}"],
    ['a byte order mark alone', '\uFEFF{'],
    ['multipart bytes', '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n1\r\n--x--\r\n'],
    ['a form', 'document_type=CC&document_number=1000000001'],
  ])('%s under a JSON content type', async (_name, body) => {
    await refused(400, '071-400-malformed', 'POST', search, body, json);
  });

  test.each([
    '/v1/sponsors/%ZZ/forms',
    '/v1/sponsors/%/forms',
    '/v1/sponsors/%C3%28/forms',
    `${requests}/%E0%A4%A`,
  ])('a bad percent-encoding: %s', async (url) => {
    const answer = await refused(400, '071-400-malformed', 'GET', url);
    expect(answer.headers['x-request-id']).toBe(answer.body.request_id);
  });

  test.each([
    `${requests}/areq_%00`,
    '/v1/sponsors?page=%00',
    '/medical-catalogs/v1/medications?query=a%00b',
  ])('NUL in the URL: %s', async (url) => {
    await refused(400, '071-400-malformed', 'GET', url);
  });

  test.each(['multipart/form-data; boundary=x', 'multipart/form-data'])('broken %s', async (type) => {
    const id = await initiate(provider);
    const url = `${requests}/${id}/indications`;
    await refused(400, '071-400-malformed', 'POST', url, '--x\r\nnonsense', { 'content-type': type });
  });

  test.each(['', 'ñandú', 'a'.repeat(256), 'a\tb'])('the Idempotency-Key %j', async (key) => {
    const headers = { ...json, 'idempotency-key': key };
    await refused(400, '071-400-idempotency-key', 'POST', requests, requestBody(provider), headers);
  });
});

describe('401 and 403', () => {
  test('no token is 401 before anything else is looked at', async () => {
    for (const [method, url, body] of [
      ['GET', '/v1/sponsors', undefined],
      ['GET', `${requests}/areq_unknown`, undefined],
      ['POST', requests, '{'],
      ['GET', '/v1/sponsors?size=nonsense', undefined],
      ['GET', '/_sandbox/v1/providers', undefined],
    ] as const) {
      const answer = await sandbox.call(method, url, { headers: json, ...(body && { body }) });
      expectError(answer, 401, '071-401');
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });

  test('a missing scope is 403, before a 404, a 422 and a body that cannot be read', async () => {
    for (const [method, url, body] of [
      ['POST', requests, requestBody(reader)],
      ['POST', requests, '{'],
      ['POST', `${requests}/areq_unknown/complete`, { otp_verification_token: 1 }],
      ['GET', '/dispensing/v1/dispensations/dsp_unknown', undefined],
      ['GET', '/dispensing/v1/dispensations?size=nonsense', undefined],
    ] as const) {
      expectError(await reader.call(method, url, body, json), 403, '071-403-scope');
    }
  });

  test('a sponsor without affiliation is 403, an unknown one 404', async () => {
    const own = await sandbox.provider();
    await sandbox.sandbox.units.store.db
      .deleteFrom('affiliations')
      .where('provider_id', '=', own.provider_id)
      .where('sponsor_slug', '=', 'sponsor-sandbox-do')
      .execute();
    const at = (slug: string) => own.call('POST', `/v1/sponsors/${slug}/search`, person);
    expectError(await at('sponsor-sandbox-do'), 403, '071-403-sponsor-not-affiliated');
    expectError(await at('nobody'), 404, '071-404-sponsor');
    expect((await at('sponsor-sandbox')).status).toBe(200);
  });

  test("another provider's slug in the path is 403, whether it exists or not", async () => {
    for (const slug of [reader.slug, 'nobody', 'null']) {
      const url = `/arc/v1/providers/${slug}/biometric-reading`;
      await refused(403, '071-403-provider-mismatch', 'POST', url, {});
      await refused(403, '071-403-provider-mismatch', 'GET', `/_sandbox/v1/providers/${slug}/clock`);
    }
  });

  test('what only the operator may do is 403 for a client', async () => {
    await refused(403, '071-403-operator', 'GET', '/_sandbox/v1/providers');
    await refused(403, '071-403-operator', 'POST', '/_sandbox/v1/providers', {});
  });
});

describe('404 and 405', () => {
  test.each(['/', '/v1', '/v1/nothing', `${requests}/a/b/c/d`, '/V1/SPONSORS', '//v1/sponsors'])(
    'no route: %s',
    async (url) => {
      await refused(404, '071-404-route', 'GET', url);
    },
  );

  test.each([
    ['GET', `${requests}/areq_unknown`, '071-404-authorization-request'],
    ['GET', '/arc/v1/authorizations/auth_unknown', '071-404-authorization'],
    ['GET', '/arc/v2/authorizations/files/file_unknown', '071-404-file'],
    ['GET', '/dispensing/v1/dispensations/dsp_unknown', '071-404-dispensation'],
    ['GET', '/webhooks/v1/subscriptions/whs_unknown', '071-404-subscription'],
    ['DELETE', '/arc/v1/providers/products/NOTHING', '071-404-product'],
    ['POST', '/webhooks/v1/deliveries/dlv_unknown/redeliver', '071-404-delivery'],
  ] as const)('%s %s is %s', async (method, url, code) => {
    await refused(404, code, method, url);
  });

  test('an id of any length is merely unknown, and one of another form too', async () => {
    for (const id of [
      'x'.repeat(300),
      'x'.repeat(8_000),
      '%F0%9F%A9%BA',
      '..%2F..%2Fetc',
      "';--",
      '-1',
      '0',
    ]) {
      await refused(404, '071-404-authorization-request', 'GET', `${requests}/${id}`);
      await refused(405, '071-405', 'DELETE', `${requests}/${id}`);
    }
  });

  test("another provider's thing is as unknown as any", async () => {
    const other = await sandbox.provider();
    const id = await initiate(other);
    const foreign = await refused(404, '071-404-authorization-request', 'GET', `${requests}/${id}`);
    const unknown = await refused(404, '071-404-authorization-request', 'GET', `${requests}/areq_unknown`);
    expect({ ...foreign.body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' });
  });

  test.each([
    ['PUT', '/v1/sponsors', 'GET, HEAD'],
    ['GET', search, 'POST'],
    ['DELETE', `${requests}/areq_unknown`, 'GET, HEAD'],
    ['GET', '/v1/oauth/token', 'POST'],
    ['POST', '/webhooks/v1/subscriptions/whs_unknown', 'DELETE, GET, HEAD, PATCH'],
    ['POST', '/v1/sponsors/', 'GET, HEAD'],
    ['POST', '/v1/sponsors?page=1', 'GET, HEAD'],
  ] as const)('%s %s is 405 and allows %s', async (method, url, allow) => {
    const answer = await refused(405, '071-405', method, url);
    expect(answer.headers.allow).toBe(allow);
  });

  test('an unsupported method with a body is still 404 or 405', async () => {
    await refused(405, '071-405', 'PATCH', '/v1/sponsors', { a: 1 });
    await refused(404, '071-404-route', 'POST', '/v1/nothing', { a: 1 });
  });
});

describe('406, 413 and 415', () => {
  test.each(['text/html', 'application/xml', 'application/json;q=0', 'image/*'])(
    'Accept: %s is 406',
    async (accept) => {
      await refused(406, '071-406', 'GET', '/v1/sponsors', undefined, { accept });
    },
  );

  test.each([
    '*/*',
    'application/*',
    'application/json',
    'text/html, application/json;q=0.5',
    'text/html, */*;q=0.1',
    '',
  ])('Accept: %s is answered', async (accept) => {
    expect((await provider.call('GET', '/v1/sponsors', undefined, { accept })).status).toBe(200);
  });

  const padded = (bytes: number) => {
    const text = JSON.stringify({ ...person, padding: '' });
    return text.replace('"padding":""', `"padding":"${'x'.repeat(bytes - text.length)}"`);
  };
  const limit = 14 * 1024 * 1024;

  test('JSON up to 14 MB is read, more is 413', async () => {
    expect((await provider.call('POST', search, padded(limit), json)).status).toBe(200);
    await refused(413, '071-413', 'POST', search, padded(limit + 1), json);
  });

  test('a file over 10 MB is 413, as multipart and as Base64', async () => {
    const id = await initiate(provider);
    const file = Buffer.concat([Buffer.from(pdf, 'base64'), Buffer.alloc(10 * 1024 * 1024)]);
    const url = `${requests}/${id}/indications`;
    const multipart = Buffer.concat([
      Buffer.from('--x\r\nContent-Disposition: form-data; name="file_type"\r\n\r\nMEDICAL_INDICATION\r\n'),
      Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'),
      file,
      Buffer.from('\r\n--x--\r\n'),
    ]);
    await refused(413, '071-413', 'POST', url, multipart, {
      'content-type': 'multipart/form-data; boundary=x',
    });
    const body = { file_type: 'MEDICAL_INDICATION', content_base64: file.toString('base64') };
    await refused(413, '071-413', 'POST', url, body);
    expect((await provider.call('GET', `${requests}/${id}`)).body.indications).toEqual([]);
  });

  test.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'nonsense',
    'application/jsonp',
  ])('a body of type %s is 415', async (type) => {
    await refused(415, '071-415', 'POST', search, 'x', { 'content-type': type });
  });

  test.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.clinic+json'])(
    'a body of type %s is read',
    async (type) => {
      const answer = await provider.call('POST', search, JSON.stringify(person), { 'content-type': type });
      expect(answer.status).toBe(200);
    },
  );
});

describe('422', () => {
  test('lists all that is wrong: missing, wrong types, unknown words, deep inside', async () => {
    const answer = await refused(422, '071-422-validation', 'POST', requests, {
      sponsor_slug: 7,
      service_type_code: 'SPA',
      beneficiary_email: 'nobody',
      products: [
        { product_code: 'MED-SBX-001', product_type: 'MEDICATION', quantity: 'ten' },
        { product_type: 'TOY', quantity: 0 },
        'MED-SBX-001',
      ],
    });
    expect(pathsOf(answer).sort()).toEqual([
      'beneficiary_email',
      'beneficiary_id',
      'products[0].quantity',
      'products[1].product_code',
      'products[1].product_type',
      'products[1].quantity',
      'products[2]',
      'service_type_code',
      'sponsor_slug',
    ]);
    for (const issue of answer.body.errors) {
      expect(Object.keys(issue)).toEqual(['path', 'message']);
      expect(issue.message).toMatch(/\w/);
    }
  });

  test('lists query values too', async () => {
    const answer = await refused(
      422,
      '071-422-validation',
      'GET',
      `${requests}?page=-1&size=x&status=ODD&created_from=now`,
    );
    expect(pathsOf(answer).sort()).toEqual(['created_from', 'page', 'size', 'status']);
  });

  test.each([
    ['an array', '[]'],
    ['a text', '"text"'],
    ['a number', '1'],
    ['true', 'true'],
  ])('a body that is %s is no object', async (_name, body) => {
    const answer = await refused(422, '071-422-validation', 'POST', requests, body, json);
    expect(answer.body.errors.length).toBeGreaterThan(0);
  });

  test.each([
    ['nothing', undefined],
    ['{}', '{}'],
    ['null', 'null'],
    ['""', '""'],
    ['blanks', '  \n'],
  ])('the body %s misses everything that is required', async (_name, body) => {
    const answer = await refused(422, '071-422-validation', 'POST', requests, body, json);
    expect(pathsOf(answer).sort()).toEqual(
      expect.arrayContaining(['beneficiary_id', 'products', 'sponsor_slug']),
    );
  });

  test('NUL inside a text is named, not stored', async () => {
    const body = requestBody(provider, { extra: { authorization_type: 'A\u0000B' } });
    expect(pathsOf(await refused(422, '071-422-validation', 'POST', requests, body))).toEqual([
      'authorization_type',
    ]);
    const products = [{ product_code: 'MED\u0000', product_type: 'MEDICATION', quantity: 1 }];
    const inside = await refused(422, '071-422-validation', 'POST', requests, {
      ...requestBody(provider),
      products,
    });
    expect(pathsOf(inside)).toContain('products[0].product_code');
  });

  test.each([
    ['NaN', 'NaN'],
    ['a fraction', '1.5'],
    ['more than any integer', '1e400'],
    ['2^53', '9007199254740993'],
    ['a negative', '-1'],
  ])('a quantity of %s is 422 or unreadable', async (_name, quantity) => {
    const body = JSON.stringify(requestBody(provider)).replace('"quantity":10', `"quantity":${quantity}`);
    const answer = await provider.call('POST', requests, body, json);
    expect([400, 422]).toContain(answer.status);
    collected.push(answer);
  });

  test('a wrong body of 100 000 problems is answered, not choked on', async () => {
    const products = Array.from({ length: 100_000 }, () => ({}));
    const answer = await refused(422, '071-422-validation', 'POST', requests, {
      ...requestBody(provider),
      products,
    });
    expect(answer.body.errors.length).toBeLessThanOrEqual(200);
  });
});

describe('the order of checks', () => {
  test('an unknown id in the URL with an invalid body is 404, not 422', async () => {
    const wrong = { file_type: 1 };
    await refused(
      404,
      '071-404-authorization-request',
      'POST',
      `${requests}/areq_unknown/indications`,
      wrong,
    );
    await refused(404, '071-404-sponsor', 'POST', '/v1/sponsors/nobody/search', []);
    await refused(404, '071-404-subscription', 'PATCH', '/webhooks/v1/subscriptions/whs_unknown', { url: 1 });
    await refused(
      404,
      '071-404-authorization-request',
      'POST',
      '/_sandbox/v1/authorization-requests/areq_x/decide',
      {},
    );
    await refused(404, '071-404-dispensation', 'POST', '/dispensing/v1/dispensations/dsp_unknown/complete', {
      amount: 'x',
    });
    await refused(404, '071-404-authorization', 'POST', '/arc/v1/authorizations/auth_unknown/void', {
      reason: 1,
    });
    const unknown = await sandbox.operator('POST', '/_sandbox/v1/providers/nobody/clock/advance', {
      seconds: 'x',
    });
    expectError(unknown, 404, '071-404-provider');
  });

  test('an invalid body on a thing whose state forbids the call is 422, not 409', async () => {
    const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-do' });
    const url = `${requests}/${id}`;
    expect((await provider.call('POST', `${url}/complete`)).status).toBe(200);
    await refused(422, '071-422-validation', 'POST', `${url}/complete`, { otp_verification_token: 1 });
    await refused(422, '071-422-validation', 'POST', `${url}/indications`, { file_type: 1 });
    await refused(409, '071-409-already-completed', 'POST', `${url}/complete`);
    const file = { file_type: 'MEDICAL_INDICATION', content_base64: pdf };
    await refused(409, '071-409-indications-closed', 'POST', `${url}/indications`, file);
  });
});

describe('tolerance', () => {
  const searchWith = (body: string) => provider.call('POST', search, body, json);

  test('a trailing slash does not matter', async () => {
    expect((await provider.call('GET', '/v1/sponsors/')).status).toBe(200);
    expect((await provider.call('GET', '/v1/sponsors/?size=1')).body.content).toHaveLength(1);
    expect((await provider.call('POST', `${search}/`, person)).status).toBe(200);
    const id = await initiate(provider);
    expect((await provider.call('GET', `${requests}/${id}/`)).status).toBe(200);
  });

  test.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['the JSON text ""', '""'],
    ['{}', '{}'],
    ['null', 'null'],
  ])('a call that needs no body takes %s under a JSON content type', async (_name, body) => {
    const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-do' });
    const complete = await provider.call('POST', `${requests}/${id}/complete`, body, json);
    expect(complete.status).toBe(200);
    const cancel = await provider.call('POST', `${requests}/${await initiate(provider)}/cancel`, body, json);
    expect(cancel.status).toBe(200);
  });

  test('a DELETE and a GET with an empty JSON body are answered', async () => {
    await provider.call('POST', '/arc/v1/providers/products', { product_code: 'MED-SBX-902' });
    const url = '/arc/v1/providers/products/MED-SBX-902';
    expect((await provider.call('DELETE', url, '', json)).status).toBe(204);
    expect((await provider.call('GET', '/v1/sponsors', undefined, json)).status).toBe(200);
  });

  test('null means absent, also deep inside; unknown members are ignored', async () => {
    const answer = await provider.call('POST', requests, {
      ...requestBody(provider),
      authorization_type: null,
      beneficiary_email: null,
      provider_slugs: null,
      made_up: { deep: [1, 2, { three: null }] },
      products: [
        { product_code: 'MED-SBX-001', product_type: 'MEDICATION', quantity: 1, posology: null, x: 1 },
      ],
    });
    expect(answer.status).toBe(201);
    expect(answer.body).not.toHaveProperty('made_up');
    const required = await refused(422, '071-422-validation', 'POST', requests, {
      ...requestBody(provider),
      beneficiary_id: null,
    });
    expect(required.body.errors).toEqual([{ path: 'beneficiary_id', message: 'is required' }]);
  });

  test('query values are trimmed and an empty one is absent', async () => {
    const url = '/v1/sponsors?size=%202%20&page=%200';
    expect((await provider.call('GET', url)).body.page).toMatchObject({ size: 2, number: 0 });
    expect((await provider.call('GET', '/v1/sponsors?size=&page=%20')).body.page).toMatchObject({ size: 15 });
    const words = await provider.call('GET', '/arc/v1/products?product_type=%20LAB%20&query=%20');
    expect(words.body.content.length).toBeGreaterThan(0);
  });

  test('__proto__ and constructor in JSON poison nothing', async () => {
    const bodies = [
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '{"a":{"__proto__":{"polluted":1}}}',
    ];
    for (const body of bodies) {
      const answer = await searchWith(
        body.replace('{', `{"document_type":"CC","document_number":"1000000001",`),
      );
      expect([200, 400]).toContain(answer.status);
      if (answer.status === 400) collected.push(answer);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test.each([40, 5_000, 200_000])(
    '%d levels of nesting are 422, with and without an Idempotency-Key',
    async (depth) => {
      const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
      const body = JSON.stringify(requestBody(provider, { extra: { made_up: 0 } })).replace(
        '"made_up":0',
        `"made_up":${deep}`,
      );
      await refused(422, '071-422-validation', 'POST', requests, body, json);
      const headers = { ...json, 'idempotency-key': `deep-${depth}` };
      await refused(422, '071-422-validation', 'POST', requests, body, headers);
    },
  );

  test('a member given twice counts once, the last', async () => {
    const answer = await searchWith(
      '{"document_type":"CC","document_number":"9","document_number":"1000000001"}',
    );
    expect(answer.status).toBe(200);
  });
});

describe('the request id', () => {
  const withId = (id: string) => provider.call('GET', '/v1/sponsors', undefined, { 'x-request-id': id });

  test('is on every answer, and of its own for each', async () => {
    const ids = [await provider.call('GET', '/v1/sponsors'), await sandbox.call('GET', '/healthz')].map(
      (answer) => answer.headers['x-request-id'] ?? '',
    );
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^req_[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  test.each(['a', 'trace-42', 'req:1.2_3', '4bf92f35-77b3-4da6-a3ce-929d0e0e4736', 'x'.repeat(128)])(
    'sent as %s is kept',
    async (id) => {
      expect((await withId(id)).headers['x-request-id']).toBe(id);
    },
  );

  test.each(['', 'a b', 'a\tb', '<script>', 'ñ', 'x'.repeat(129), '{x}', '"'])(
    'sent as %j is replaced',
    async (id) => {
      expect((await withId(id)).headers['x-request-id']).toMatch(/^req_/);
    },
  );

  test('of an error is the one of its header', async () => {
    const answer = await refused(404, '071-404-route', 'GET', '/nothing', undefined, {
      'x-request-id': 'mine-1',
    });
    expect([answer.headers['x-request-id'], answer.body.request_id]).toEqual(['mine-1', 'mine-1']);
  });
});

describe('ours to fix', () => {
  test('a database that fails is 500 in the envelope, and tells nothing of itself', async () => {
    const own = await startSandbox();
    try {
      const client = await own.provider();
      await own.sandbox.units.store.db.schema.dropTable('affiliations').execute();
      expectError(await client.call('GET', '/v1/sponsors'), 500, '071-500');
    } finally {
      await own.stop();
    }
  });
});

describe('every error answered above', () => {
  test('has the five members of the envelope and nothing else', () => {
    expect(collected.length).toBeGreaterThan(100);
    for (const { body, status, headers } of collected) {
      const { errors, ...rest } = body;
      expect(Object.keys(rest)).toEqual(['code', 'error_code', 'message', 'request_id']);
      expect(rest.code).toBe(rest.error_code);
      expect(rest.code).toMatch(new RegExp(`^071-(${status}|104)`));
      expect(Object.keys(errorRegistry)).toContain(rest.code);
      expect(rest.message).toMatch(/\w.*\.$/);
      expect(rest.request_id).toBe(headers['x-request-id']);
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      if (rest.code === '071-422-validation') expect(errors.length).toBeGreaterThan(0);
      else if (errors !== undefined) expect(errors.length).toBeGreaterThan(0);
    }
  });

  test('holds no stack, SQL or file path', () => {
    const leak =
      /\bat .+:\d+|node_modules|\/work\/|\/home\/|\.ts\b|node:|\bselect\b.+\bfrom\b|\binsert into\b|\bsqlite|postgres|kysely|constraint|affiliations|FST_|SyntaxError|undefined|\[object/i;
    for (const { text } of collected) expect(text).not.toMatch(leak);
  });
});
