import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prolongKey } from '../src/api/idempotency.ts';
import { sha256 } from '../src/platform/hashing.ts';
import { realNow } from '../src/platform/time.ts';
import { initiate, pdf, png, requestBody } from './flows.ts';
import {
  type Method,
  operatorKey,
  type Reply,
  startSandbox,
  type TestProvider,
  type TestSandbox,
} from './harness.ts';

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

/** Makes every key older. */
const age = (by: number) =>
  sandbox.sandbox.units.store.db
    .updateTable('idempotency_keys')
    .set((eb) => ({ created_at_real: eb('created_at_real', '-', by) }))
    .execute();

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

describe('the control surface', () => {
  const control = ({ slug }: TestProvider, path: string) => `/_sandbox/v1/providers/${slug}/${path}`;
  const operator = (method: Method, url: string, body?: unknown, headers: Record<string, string> = {}) =>
    sandbox.call(method, url, { body, headers: { authorization: `Bearer ${operatorKey}`, ...headers } });
  const countSnapshots = async (of: TestProvider): Promise<number> =>
    (await of.call('GET', control(of, 'snapshots'))).body.page.total_elements;
  const ahead = async (of: TestProvider): Promise<number> =>
    Math.abs(Math.round((await of.call('GET', control(of, 'clock'))).body.offset_seconds));
  const worldOf = async (of: TestProvider): Promise<number | null> =>
    (
      await sandbox.sandbox.units.store.db
        .selectFrom('providers')
        .select('reset_at_real')
        .where('provider_id', '=', of.provider_id)
        .executeTakeFirstOrThrow()
    ).reset_at_real;

  async function expectOnce(send: () => Promise<Reply>, status = 200): Promise<void> {
    const first = await send();
    const second = await send();
    expect([first.status, replayed(first)]).toEqual([status, undefined]);
    expect([second.status, second.text, replayed(second)]).toEqual([status, first.text, 'true']);
    expect(second.headers['content-type']).toBe(first.headers['content-type']);
  }

  test.each(['operator', 'provider'] as const)('moves a clock once, for the %s', async (who) => {
    const own = await sandbox.provider();
    const headers = key();
    const call = who === 'operator' ? operator : own.call;
    await expectOnce(() => call('POST', control(own, 'clock/advance'), { seconds: 100 }, headers));
    expect(await ahead(own)).toBe(100);
  });

  test.each(['operator', 'provider'] as const)('resets once, for the %s', async (who) => {
    const own = await sandbox.provider();
    const headers = key();
    const call = who === 'operator' ? operator : own.call;
    const reset = () => call('POST', control(own, 'reset'), { reason: 'Next run' }, headers);
    const first = await reset();
    const [{ beneficiary_id }] = first.body.beneficiaries;
    await initiate(own, { extra: { beneficiary_id } });
    const second = await reset();
    expect([second.status, second.text, replayed(second)]).toEqual([200, first.text, 'true']);
    expect(await countRequests(own)).toBe(1);
  });

  test('takes one snapshot, and restores once; neither is forgotten with the world', async () => {
    const own = await sandbox.provider();
    const [taking, restoring, moving] = [key(), key(), key()];
    const take = () => own.call('POST', control(own, 'snapshots'), { name: 'base' }, taking);
    const restore = () => own.call('POST', control(own, 'restore'), { name: 'base' }, restoring);
    const move = () => own.call('POST', control(own, 'clock/advance'), { seconds: 100 }, moving);
    await expectOnce(take, 201);
    await move();
    await expectOnce(restore);
    const world = await worldOf(own);
    expect([replayed(await take()), replayed(await restore()), replayed(await move())]).toEqual([
      'true',
      'true',
      'true',
    ]);
    expect([await countSnapshots(own), await worldOf(own), await ahead(own)]).toEqual([1, world, 0]);
  });

  test('decides once, as the sponsor, where a second decision is a 409', async () => {
    const own = await sandbox.provider();
    const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-manual' });
    await own.call('POST', `${requests}/${id}/complete`);
    const url = `/_sandbox/v1/authorization-requests/${id}/decide`;
    const decision = { decision: 'APPROVED' };
    const headers = key();
    await expectOnce(() => operator('POST', url, decision, headers));
    expect((await operator('POST', url, decision, key())).body.code).toBe('071-409-already-decided');
    const [{ authorization_id }] = (await own.call('GET', `${requests}/${id}`)).body.authorizations;
    const voiding = key();
    await expectOnce(() =>
      own.call('POST', `/_sandbox/v1/authorizations/${authorization_id}/void`, undefined, voiding),
    );
  });

  test('lifts limits once', async () => {
    const own = await sandbox.provider();
    const headers = key();
    const lift = { ends_at: '2099-01-01T00:00:00.000Z', requests_per_minute: 6_000, reason: 'Load test' };
    await expectOnce(() => operator('POST', control(own, 'limits/lift'), lift, headers));
    expect((await operator('GET', control(own, 'limits'))).body.lifts).toHaveLength(1);
  });

  test('resets the whole sandbox once', async () => {
    const another = await startSandbox();
    const own = await another.provider();
    const reset = () =>
      another.call('POST', '/_sandbox/v1/reset', {
        headers: { authorization: `Bearer ${operatorKey}`, 'idempotency-key': 'once' },
      });
    await expectOnce(reset);
    const product = { product_code: 'MED-SBX-902' };
    const register = () => own.call('POST', '/arc/v1/providers/products', product);
    expect((await register()).status).toBe(201);
    expect(replayed(await reset())).toBe('true');
    // It is registered already.
    expect((await register()).status).toBe(200);
    await another.stop();
  });

  test('of two calls at once one has an effect, the other is told the same or to wait', async () => {
    const own = await sandbox.provider();
    const [moving, taking] = [key(), key()];
    const pairs = [
      () => own.call('POST', control(own, 'clock/advance'), { seconds: 100 }, moving),
      () => own.call('POST', control(own, 'snapshots'), undefined, taking),
    ];
    for (const send of pairs) {
      const answers = await Promise.all([send(), send()]);
      const done = answers.filter(({ status }) => status < 300);
      const waiting = answers.filter(({ status }) => status >= 300);
      expect(done.filter((answer) => replayed(answer) === undefined)).toHaveLength(1);
      expect(new Set(done.map(({ text }) => text)).size).toBe(1);
      for (const { body } of waiting) expect(body.code).toBe('071-409-idempotency-in-progress');
      const later = await send();
      expect([later.text, replayed(later)]).toEqual([done[0]?.text, 'true']);
    }
    expect([await ahead(own), await countSnapshots(own)]).toEqual([100, 1]);
  });

  test('refuses another body with the same key', async () => {
    const own = await sandbox.provider();
    const [moving, taking] = [key(), key()];
    const move = (body: unknown) => own.call('POST', control(own, 'clock/advance'), body, moving);
    const take = (body: unknown) => own.call('POST', control(own, 'snapshots'), body, taking);
    await move({ seconds: 100 });
    await take({ name: 'a' });
    for (const answer of [await move({ seconds: 101 }), await move({}), await take({ name: 'b' })]) {
      expect([answer.status, answer.body.code]).toEqual([409, '071-409-idempotency-mismatch']);
    }
    expect([await ahead(own), await countSnapshots(own)]).toEqual([100, 1]);
  });

  test("does not mix up the operator's keys and those of a provider", async () => {
    const own = await sandbox.provider();
    const headers = key();
    const url = control(own, 'clock/advance');
    const answers = [
      await operator('POST', url, { seconds: 100 }, headers),
      await own.call('POST', url, { seconds: 100 }, headers),
      await own.call('POST', url, { seconds: 100 }, headers),
    ];
    expect(answers.map(replayed)).toEqual([undefined, undefined, 'true']);
    expect(await ahead(own)).toBe(200);
  });

  test.each([
    ['an unknown provider', 404, '071-404-provider', 'nobody', { seconds: 1 }],
    ['a body that is not valid', 422, '071-422-validation', undefined, { seconds: 'many' }],
    ['a move backwards', 409, '071-409-clock-backwards', undefined, { to: '2001-01-01T00:00:00.000Z' }],
  ])('answers again what it refused: %s', async (_name, status, code, slug, body) => {
    const headers = key();
    const url = `/_sandbox/v1/providers/${slug ?? provider.slug}/clock/advance`;
    const first = await operator('POST', url, body, headers);
    const second = await operator('POST', url, body, headers);
    expect([first.status, first.body.code]).toEqual([status, code]);
    expect([second.status, second.text, replayed(second)]).toEqual([status, first.text, 'true']);
  });

  test.each([['a'.repeat(256)], ['']])('refuses %j as a key', async (value) => {
    const answer = await operator('POST', control(provider, 'snapshots'), undefined, key(value));
    expect([answer.status, answer.body.code]).toEqual([400, '071-400-idempotency-key']);
  });

  const clinic = { name: 'Clínica Norte', country_code: 'CO' };

  test('keeps no secret that is shown once: neither a rotation nor a creation is answered again', async () => {
    const own = await sandbox.provider();
    const headers = key();
    const rotate = () => operator('POST', control(own, 'credentials/rotate'), undefined, headers);
    const [first, second] = [await rotate(), await rotate()];
    expect(replayed(second)).toBeUndefined();
    expect(second.body.client_secret).not.toBe(first.body.client_secret);
    const found = () =>
      operator('POST', '/_sandbox/v1/providers', { provider_slug: `${own.slug}-b`, ...clinic }, headers);
    expect((await found()).body.credentials).toHaveProperty('client_secret');
    expect((await found()).body.code).toBe('071-409-provider-exists');
    const kept = await sandbox.sandbox.units.store.db
      .selectFrom('idempotency_keys')
      .select('target')
      .where('body', 'like', '%client_secret%')
      .execute();
    expect(kept).toEqual([]);
  });

  describe('a clock that is being moved', () => {
    const call = async (own: TestProvider, headers: Record<string, string>) => ({
      client_id: own.client_id,
      target: `POST ${control(own, 'clock/advance')}`,
      idempotency_key: headers['idempotency-key'] ?? '',
      body_sha256: sha256(JSON.stringify({ seconds: 100 })),
    });

    /** As if another process had begun to move the clock by 100 s, and was heard of so long ago. */
    async function begun(own: TestProvider, headers: Record<string, string>, silentFor: number) {
      const { store } = sandbox.sandbox.units;
      const plan = {
        provider_id: own.provider_id,
        world: await worldOf(own),
        target: realNow() + 100_000,
      };
      const row = { status: 0, headers: '{}', body: JSON.stringify(plan) };
      const created_at_real = realNow() - silentFor;
      const values = { ...(await call(own, headers)), ...row, created_at_real };
      await store.db.insertInto('idempotency_keys').values(values).execute();
      return () => own.call('POST', control(own, 'clock/advance'), { seconds: 100 }, headers);
    }

    test('is left to whoever does so, as long as that one is heard of', async () => {
      const own = await sandbox.provider();
      const headers = key();
      const repeat = await begun(own, headers, 14_000);
      await prolongKey(sandbox.sandbox.units.store.db, await call(own, headers));
      await age(10_000);
      const answer = await repeat();
      expect([answer.status, answer.body.code]).toEqual([409, '071-409-idempotency-in-progress']);
      expect(answer.headers['retry-after']).toBe('1');
      expect(await ahead(own)).toBe(0);
    });

    test('is moved on by a repeat when that one was killed, and no further than it was to go', async () => {
      const own = await sandbox.provider();
      const repeat = await begun(own, key(), 15_001);
      // The part of the way that it had gone.
      await own.advance(90);
      const first = await repeat();
      expect([first.status, replayed(first), await ahead(own)]).toEqual([200, undefined, 100]);
      const second = await repeat();
      expect([second.text, replayed(second), await ahead(own)]).toEqual([first.text, 'true', 100]);
    });

    test('is left alone when it is that of another world by now', async () => {
      const own = await sandbox.provider();
      const repeat = await begun(own, key(), 15_001);
      await own.call('POST', control(own, 'reset'));
      expect((await repeat()).body).toMatchObject({ fired: 0 });
      expect(await ahead(own)).toBe(0);
    });
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
