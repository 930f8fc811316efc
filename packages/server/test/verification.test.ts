import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Reply, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let provider: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(async () => {
  provider = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const outcomeOf = (reply: Reply) => [reply.status, reply.body.code];

const send = (over: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  provider.call(
    'POST',
    '/v1/otp/send',
    {
      beneficiary_id: provider.beneficiary(),
      sponsor_slug: 'sponsor-sandbox-otp',
      channel: 'SMS',
      ...over,
    },
    headers,
  );

const validate = (otp_id: string, code: string, headers: Record<string, string> = {}, by = provider) =>
  by.call('POST', '/v1/otp/validate', { otp_id, code }, headers);

async function newOtp(over: Record<string, unknown> = {}): Promise<string> {
  const { body } = await send(over);
  return body.otp_id;
}

/** The code of the last message, as the person reads it. */
async function deliveredCode(): Promise<string> {
  const row = await sandbox.sandbox.units.store.db
    .selectFrom('outbox')
    .select('otp_code')
    .where('provider_id', '=', provider.provider_id)
    .where('otp_code', 'is not', null)
    .orderBy('outbox_id', 'desc')
    .executeTakeFirstOrThrow();
  return row.otp_code ?? '';
}

describe('sending a one-time password', () => {
  test.each([
    ['SMS', '******0001'],
    ['EMAIL', 'm******@beneficiaries.example'],
  ])('by %s', async (channel, masked_destination) => {
    const { status, body } = await send({ channel });
    expect(status).toBe(201);
    expect(body).toEqual({
      otp_id: expect.stringMatching(/^otp_[0-9A-Z]{26}$/),
      channel,
      expires_in: 300,
      masked_destination,
    });
    expect(await deliveredCode()).toMatch(/^\d{6}$/);
  });

  test('again within 30 seconds is 429, on the clock of the provider', async () => {
    await send();
    const tooSoon = await send();
    expect(outcomeOf(tooSoon)).toEqual([429, '071-429']);
    expect(Number(tooSoon.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(tooSoon.headers['retry-after'])).toBeLessThanOrEqual(30);
    await provider.advance(31);
    expect((await send()).status).toBe(201);
  });

  test('of many at once, one leaves', async () => {
    const replies = await Promise.all(Array.from({ length: 6 }, () => send()));
    expect(replies.map((reply) => reply.status).sort()).toEqual([201, 429, 429, 429, 429, 429]);
  });

  test('the same key sends once', async () => {
    const first = await send({}, { 'idempotency-key': 'send-1' });
    const second = await send({}, { 'idempotency-key': 'send-1' });
    expect(second.body).toEqual(first.body);
    expect(second.headers['idempotent-replayed']).toBe('true');
  });

  test('unknown person and sponsor are named together', async () => {
    const reply = await send({ beneficiary_id: 'bnf_x', sponsor_slug: 'nobody' });
    expect(outcomeOf(reply)).toEqual([422, '071-422-validation']);
    expect(reply.body.errors.map((issue: { path: string }) => issue.path)).toEqual([
      'beneficiary_id',
      'sponsor_slug',
    ]);
  });

  test('nobody can be reached without phone and mail', async () => {
    const reply = await send({ beneficiary_id: provider.beneficiary('P1000009') });
    expect(outcomeOf(reply)).toEqual([422, '071-422-otp-destination']);
  });

  test('either of two scopes is enough', async () => {
    provider = await sandbox.provider({ scopes: ['dispensing:write'] });
    expect((await send()).status).toBe(201);
    provider = await sandbox.provider({ scopes: ['arc:read', 'ehr:write'] });
    expect(outcomeOf(await send())).toEqual([403, '071-403-scope']);
  });
});

describe('validating a one-time password', () => {
  test('the delivered code becomes a token, once', async () => {
    const otp_id = await newOtp();
    const code = await deliveredCode();
    const { status, body } = await validate(otp_id, code);
    expect(status).toBe(200);
    expect(body).toEqual({ otp_verification_token: expect.stringMatching(/^[\w-]{43,}$/), expires_in: 600 });
    expect(outcomeOf(await validate(otp_id, code))).toEqual([422, '071-422-otp-used']);
  });

  test('246810 is right, 000000 is wrong', async () => {
    const otp_id = await newOtp();
    expect(outcomeOf(await validate(otp_id, '000000'))).toEqual([422, '071-422-otp-invalid']);
    expect((await validate(otp_id, '246810')).status).toBe(200);
  });

  test('five wrong tries lock it', async () => {
    const otp_id = await newOtp();
    for (let wrong = 1; wrong <= 5; wrong += 1) {
      expect(outcomeOf(await validate(otp_id, '000000'))).toEqual([422, '071-422-otp-invalid']);
    }
    expect(outcomeOf(await validate(otp_id, await deliveredCode()))).toEqual([422, '071-422-otp-locked']);
  });

  test('a wrong try with an Idempotency-Key counts as well, and once', async () => {
    const otp_id = await newOtp();
    for (let wrong = 1; wrong <= 5; wrong += 1) {
      await validate(otp_id, '000000', { 'idempotency-key': `try-${wrong}` });
      const replayed = await validate(otp_id, '000000', { 'idempotency-key': `try-${wrong}` });
      expect(outcomeOf(replayed)).toEqual([422, '071-422-otp-invalid']);
    }
    expect(outcomeOf(await validate(otp_id, '246810'))).toEqual([422, '071-422-otp-locked']);
  });

  test('of parallel validations one wins', async () => {
    const otp_id = await newOtp();
    const code = await deliveredCode();
    const replies = await Promise.all(Array.from({ length: 6 }, () => validate(otp_id, code)));
    const codes = replies.map((reply) => reply.body.code ?? 'won').sort();
    expect(codes).toEqual([...Array(5).fill('071-422-otp-used'), 'won']);
  });

  test('parallel guesses get no more than five tries', async () => {
    const otp_id = await newOtp();
    const replies = await Promise.all(Array.from({ length: 12 }, () => validate(otp_id, '000000')));
    const counted = replies.filter((reply) => reply.body.code === '071-422-otp-invalid');
    expect(counted).toHaveLength(5);
    expect(outcomeOf(await validate(otp_id, '246810'))).toEqual([422, '071-422-otp-locked']);
  });

  test('it is dead after 300 seconds of the clock of the provider', async () => {
    const otp_id = await newOtp();
    await provider.advance(301);
    expect(outcomeOf(await validate(otp_id, '246810'))).toEqual([422, '071-422-otp-expired']);
  });

  test("another provider's is as unknown as any", async () => {
    const otp_id = await newOtp();
    const other = await sandbox.provider();
    const foreign = await validate(otp_id, '246810', {}, other);
    const unknown = await validate('otp_01JG0000000000000000000000', '246810', {}, other);
    expect(outcomeOf(foreign)).toEqual([404, '071-404-otp']);
    expect({ ...foreign.body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' });
  });
});

describe('biometric reading', () => {
  const read = (value: string, slug = provider.slug, over: Record<string, unknown> = {}) =>
    provider.call('POST', `/arc/v1/providers/${slug}/biometric-reading`, {
      beneficiary_id: provider.beneficiary(),
      type: 'FINGERPRINT_READING',
      value,
      ...over,
    });
  const encoded = (text: string) => Buffer.from(text).toString('base64');

  test('any bytes match', async () => {
    const { status, body } = await read(encoded('match'));
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^bio_[0-9A-Z]{26}$/),
      biometric_reading_id: body.id,
      type: 'FINGERPRINT_READING',
      confidence: 0.98,
      verification_status: 'VERIFICATION_SUCCESS',
      failure_description: null,
      expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  test('no-match does not', async () => {
    const { status, body } = await read(encoded('no-match'), provider.slug, { type: 'FACE_RECOGNITION' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ type: 'FACE_RECOGNITION', verification_status: 'VERIFICATION_FAILURE' });
    expect(body.failure_description).toEqual(expect.any(String));
  });

  test('a value that is not Base64, and an unknown person, are 422', async () => {
    const reply = await read('%%% not base64', provider.slug, { beneficiary_id: 'bnf_x' });
    expect(outcomeOf(reply)).toEqual([422, '071-422-validation']);
    expect(reply.body.errors.map((issue: { path: string }) => issue.path)).toEqual([
      'beneficiary_id',
      'value',
    ]);
  });

  test('the path names the provider of the token', async () => {
    const other = await sandbox.provider();
    expect(outcomeOf(await read(encoded('match'), other.slug))).toEqual([403, '071-403-provider-mismatch']);
  });
});
