import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initiate, pdf, png, requestBody } from './flows.ts';
import { type Reply, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let provider: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  provider = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const requests = '/arc/v1/authorization-requests';
const day = 86_400_000;
const key = (value: string = randomUUID()) => ({ 'idempotency-key': value });
const replayed = ({ headers }: Reply) => headers['idempotent-replayed'];

/** Initiates with a key, as whichever provider. */
const post = (headers: Record<string, string>, body: unknown = requestBody(provider), by = provider) =>
  by.call('POST', requests, body, headers);

async function countRequests(of: TestProvider): Promise<number> {
  return (await of.call('GET', requests)).body.page.total_elements;
}

describe('the same key with the same call', () => {
  test('is answered again with the stored 201, and happens once', async () => {
    const own = await sandbox.provider();
    const headers = key();
    const first = await post(headers, requestBody(own), own);
    const second = await post(headers, requestBody(own), own);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.text).toBe(first.text);
    expect(second.headers.location).toBe(first.headers.location);
    expect(second.headers['content-type']).toBe(first.headers['content-type']);
    expect([replayed(first), replayed(second)]).toEqual([undefined, 'true']);
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect(await countRequests(own)).toBe(1);
  });

  test('is answered again with a stored 4xx, though a new try would succeed', async () => {
    const own = await sandbox.provider();
    const body = requestBody(own, { products: [['MED-SBX-902', 1]] });
    const headers = key();
    const first = await post(headers, body, own);
    expect([first.status, first.body.code]).toEqual([422, '071-104']);
    await own.call('POST', '/arc/v1/providers/products', { product_code: 'MED-SBX-902' });
    const second = await post(headers, body, own);
    expect([second.status, second.text, replayed(second)]).toEqual([422, first.text, 'true']);
    expect((await post(key(), body, own)).status).toBe(201);
  });

  test.each([
    ['404', `${requests}/areq_unknown/complete`, {}, 404],
    ['422', requests, { products: 'none' }, 422],
  ] as const)('is answered again with a stored %s', async (_name, url, body, status) => {
    const headers = key();
    const first = await provider.call('POST', url, body, headers);
    const second = await provider.call('POST', url, body, headers);
    expect([first.status, replayed(first)]).toEqual([status, undefined]);
    expect([second.status, second.text, replayed(second)]).toEqual([status, first.text, 'true']);
  });

  test('is answered again with a stored 409', async () => {
    const url = `${requests}/${await initiate(provider, { sponsor_slug: 'sponsor-sandbox-do' })}/complete`;
    await provider.call('POST', url);
    const headers = key();
    const [first, second] = [
      await provider.call('POST', url, undefined, headers),
      await provider.call('POST', url, undefined, headers),
    ];
    expect([first.status, first.body.code]).toEqual([409, '071-409-already-completed']);
    expect([second.text, replayed(second)]).toEqual([first.text, 'true']);
  });

  test('is answered as it was, however the thing has changed since', async () => {
    const headers = key();
    const first = await post(headers);
    await provider.call('POST', `${requests}/${first.body.authorization_request_id}/cancel`);
    const second = await post(headers);
    expect([second.status, second.body.status]).toEqual([201, 'PENDING_INDICATION']);
  });

  test('holds for a call without a body and for a trailing slash', async () => {
    const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-do' });
    const headers = key();
    const first = await provider.call('POST', `${requests}/${id}/complete`, undefined, headers);
    const second = await provider.call('POST', `${requests}/${id}/complete/`, undefined, headers);
    expect([first.status, second.status, replayed(second)]).toEqual([200, 200, 'true']);
    expect(second.text).toBe(first.text);
  });

  test('holds for a search, as for any POST', async () => {
    const headers = key();
    const search = (document_number: string) =>
      provider.call(
        'POST',
        '/v1/sponsors/sponsor-sandbox/search',
        { document_type: 'CC', document_number },
        headers,
      );
    const first = await search('1000000001');
    const second = await search('1000000001');
    expect([second.status, second.text, replayed(second)]).toEqual([200, first.text, 'true']);
    expect((await search('1000000002')).body.code).toBe('071-409-idempotency-mismatch');
  });

  test('holds for a multipart body, byte for byte', async () => {
    const id = await initiate(provider);
    const multipart = (file: string) =>
      Buffer.concat([
        Buffer.from('--x\r\nContent-Disposition: form-data; name="file_type"\r\n\r\nMEDICAL_INDICATION\r\n'),
        Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'),
        Buffer.from(file, 'base64'),
        Buffer.from('\r\n--x--\r\n'),
      ]);
    const headers = { ...key(), 'content-type': 'multipart/form-data; boundary=x' };
    const send = (file: string) =>
      provider.call('POST', `${requests}/${id}/indications`, multipart(file), headers);
    const first = await send(pdf);
    const second = await send(pdf);
    expect([first.status, second.status, replayed(second)]).toEqual([201, 201, 'true']);
    expect(second.text).toBe(first.text);
    expect((await send(png)).body.code).toBe('071-409-idempotency-mismatch');
    expect((await provider.call('GET', `${requests}/${id}`)).body.indications).toHaveLength(1);
  });
});

describe('another key it is', () => {
  test('on another path', async () => {
    const headers = key();
    const [one, two] = [await initiate(provider), await initiate(provider)];
    for (const id of [one, two]) {
      const answer = await provider.call('POST', `${requests}/${id}/cancel`, undefined, headers);
      expect([answer.status, answer.body.authorization_request_id, replayed(answer)]).toEqual([
        200,
        id,
        undefined,
      ]);
    }
  });

  test('from another client', async () => {
    const other = await sandbox.provider();
    const headers = key();
    const first = await post(headers);
    const second = await post(headers, requestBody(other), other);
    expect([second.status, replayed(second)]).toEqual([201, undefined]);
    expect(second.body.authorization_request_id).not.toBe(first.body.authorization_request_id);
  });

  test('in other letters', async () => {
    const value = randomUUID();
    await post(key(value));
    expect(replayed(await post(key(value.toUpperCase())))).toBeUndefined();
  });
});

describe('the same key with another body', () => {
  test('is 409 and happens not at all; the first answer stays', async () => {
    const own = await sandbox.provider();
    const headers = key();
    const first = await post(headers, requestBody(own), own);
    const other = await post(headers, requestBody(own, { products: [['MED-SBX-001', 11]] }), own);
    expect([other.status, other.body.code]).toEqual([409, '071-409-idempotency-mismatch']);
    expect((await post(headers, requestBody(own), own)).text).toBe(first.text);
    expect(await countRequests(own)).toBe(1);
  });

  test('is 409 also where the other body is not valid', async () => {
    const headers = key();
    await post(headers);
    expect((await post(headers, {})).body.code).toBe('071-409-idempotency-mismatch');
  });
});

describe('duplicates that arrive together', () => {
  test('20 at once have one effect and one answer', async () => {
    const own = await sandbox.provider();
    const headers = key();
    const body = requestBody(own);
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(headers, body, own)));
    const made = answers.filter(({ status }) => status === 201);
    const waiting = answers.filter(({ status }) => status !== 201);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    expect(made.filter((answer) => replayed(answer) === undefined)).toHaveLength(1);
    for (const answer of waiting)
      expect([answer.status, answer.body.code]).toEqual([409, '071-409-idempotency-in-progress']);
    expect(await countRequests(own)).toBe(1);
  });

  test('20 completions with one key are one completion', async () => {
    const own = await sandbox.provider();
    const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-do' });
    const headers = key();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => own.call('POST', `${requests}/${id}/complete`, undefined, headers)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await own.call('GET', '/arc/v1/authorizations')).body.page.total_elements).toBe(1);
  });

  test('20 with different bodies have one effect, the others are a mismatch', async () => {
    const own = await sandbox.provider();
    const headers = key();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        post(headers, requestBody(own, { products: [['MED-SBX-001', i + 1]] }), own),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
    expect(await countRequests(own)).toBe(1);
  });
});

describe('what is not stored', () => {
  test('a 503 of the sponsor: the next try with the same key runs anew', async () => {
    const id = await initiate(provider, {
      sponsor_slug: 'sponsor-sandbox-do',
      products: [['MED-SBX-905', 1]],
    });
    const headers = key();
    const complete = () => provider.call('POST', `${requests}/${id}/complete`, undefined, headers);
    const [failed, decided, again] = [await complete(), await complete(), await complete()];
    expect([failed.status, failed.body.code]).toEqual([503, '071-503']);
    expect([decided.status, decided.body.status, replayed(decided)]).toEqual([200, 'COMPLETED', undefined]);
    expect([again.text, replayed(again)]).toEqual([decided.text, 'true']);
  });

  test('a 429', async () => {
    const own = await sandbox.provider();
    const limits = (requests_per_minute: number) =>
      sandbox.operator('PUT', `/_sandbox/v1/providers/${own.slug}/limits`, {
        requests_per_minute,
        token_requests_per_minute: 10,
      });
    await limits(1);
    await own.call('GET', '/v1/sponsors');
    const headers = key();
    expect((await post(headers, requestBody(own), own)).status).toBe(429);
    await limits(1_000);
    const answer = await post(headers, requestBody(own), own);
    expect([answer.status, replayed(answer)]).toEqual([201, undefined]);
  });

  test('a 401', async () => {
    const headers = key();
    const stranger = await sandbox.call('POST', requests, { body: requestBody(provider), headers });
    expect(stranger.status).toBe(401);
    expect(replayed(await post(headers))).toBeUndefined();
  });

  test('anything but a POST: the header is ignored there', async () => {
    const headers = key();
    for (let i = 0; i < 2; i += 1) {
      const answer = await provider.call('GET', '/v1/sponsors', undefined, headers);
      expect([answer.status, replayed(answer)]).toEqual([200, undefined]);
    }
    const odd = await provider.call('GET', '/v1/sponsors', undefined, { 'idempotency-key': 'x'.repeat(300) });
    expect(odd.status).toBe(200);
  });
});

describe('the life of a key', () => {
  const age = (by: number) =>
    sandbox.sandbox.units.store.db
      .updateTable('idempotency_keys')
      .set((eb) => ({ created_at_real: eb('created_at_real', '-', by) }))
      .execute();

  test('is 24 hours: within them a replay, after them a new call', async () => {
    const headers = key();
    const first = await post(headers);
    await age(day - 60_000);
    expect(replayed(await post(headers))).toBe('true');
    await age(61_000);
    const later = await post(headers);
    expect([later.status, replayed(later)]).toEqual([201, undefined]);
    expect(later.body.authorization_request_id).not.toBe(first.body.authorization_request_id);
    expect(replayed(await post(headers))).toBe('true');
  });

  test('after which another body is a new call too', async () => {
    const headers = key();
    await post(headers);
    await age(day + 1);
    const body = requestBody(provider, { products: [['MED-SBX-001', 2]] });
    expect((await post(headers, body)).status).toBe(201);
  });

  test('is of real time: the clock of the provider does not end it', async () => {
    const own = await sandbox.provider();
    const headers = key();
    await post(headers, requestBody(own), own);
    await own.advance(2 * 86_400);
    expect(replayed(await post(headers, requestBody(own), own))).toBe('true');
  });

  test('ends with a reset: no answer from before is replayed', async () => {
    const own = await sandbox.provider();
    const headers = key();
    const body = { product_code: 'MED-SBX-902' };
    const register = () => own.call('POST', '/arc/v1/providers/products', body, headers);
    expect((await register()).status).toBe(201);
    await own.call('POST', `/_sandbox/v1/providers/${own.slug}/reset`);
    const again = await register();
    expect([again.status, replayed(again)]).toEqual([201, undefined]);
  });
});

describe('a key', () => {
  test.each(['a', 'with blanks inside', '~!@#$%^&*()', 'x'.repeat(255)])('may be %j', async (value) => {
    expect((await post(key(value))).status).toBe(201);
    expect(replayed(await post(key(value)))).toBe('true');
  });

  test.each(['', 'ä', 'a\tb', 'x'.repeat(256)])('may not be %j', async (value) => {
    const answer = await post(key(value));
    expect([answer.status, answer.body.code]).toEqual([400, '071-400-idempotency-key']);
  });
});
