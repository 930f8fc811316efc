import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createUnitsOfWork, type UnitOfWork, type UnitsOfWork } from '../../engine/unit-of-work.ts';
import { createNumbers } from '../../store/numbers.ts';
import { openStore } from '../../store/store.ts';
import { personKey } from '../beneficiaries/rules.ts';
import { createProvider, requireProviderId } from '../providers/service.ts';
import { createBiometricReading } from './biometric.ts';
import { sendOtp, validateOtp } from './otp.ts';
import { consumeProofs, type ProofDemand } from './proof.ts';

const sponsor_slug = 'sponsor-sandbox-otp';
const person_key = personKey('CC', '1000000001');

let units: UnitsOfWork;
let provider_id: string;
let beneficiary_id: string;
/** Milliseconds that the provider's clock is ahead in the next step. */
let ahead: number;

beforeEach(async () => {
  const store = await openStore({ location: ':memory:' });
  units = createUnitsOfWork(store, createNumbers(store), 'sandbox', () => {});
  provider_id = await newProvider('clinic');
  beneficiary_id = await beneficiaryOf(provider_id);
  ahead = 0;
});
afterEach(() => units.store.close());

async function newProvider(provider_slug: string): Promise<string> {
  await createProvider(units, { provider_slug, name: provider_slug, country_code: 'CO' });
  return requireProviderId(units.store.db, provider_slug);
}

async function beneficiaryOf(of: string, key = person_key): Promise<string> {
  const row = await units.store.db
    .selectFrom('beneficiaries')
    .select('beneficiary_id')
    .where('provider_id', '=', of)
    .where('person_key', '=', key)
    .executeTakeFirstOrThrow();
  return row.beneficiary_id;
}

const run = <T>(work: (uow: UnitOfWork) => Promise<T>, as = provider_id) =>
  units.run(as, (uow) => work({ ...uow, now: uow.now + ahead }));

const send = (over: Partial<Parameters<typeof sendOtp>[1]> = {}) =>
  run((uow) => sendOtp(uow, { beneficiary_id, sponsor_slug, channel: 'SMS', ...over }));

const validate = (otp_id: string, code: string, as = provider_id) =>
  run((uow) => validateOtp(uow, { otp_id, code }), as);

/** The code of an answered or thrown refusal. */
async function refusalOf(outcome: Promise<unknown>): Promise<string> {
  const settled = await outcome.catch((error: unknown) => ({ refusal: error }));
  return (settled as { refusal: { code: string } }).refusal.code;
}

async function lastCode(): Promise<string> {
  const row = await units.store.db
    .selectFrom('outbox')
    .select('otp_code')
    .orderBy('outbox_id', 'desc')
    .executeTakeFirstOrThrow();
  return row.otp_code ?? '';
}

async function newToken(): Promise<string> {
  const { otp_id } = await send();
  const outcome = await validate(otp_id, '246810');
  if ('refusal' in outcome) throw outcome.refusal;
  return outcome.otp_verification_token;
}

const consume = (over: Partial<ProofDemand>, as = provider_id) =>
  run((uow) => consumeProofs(uow, { methods: ['OTP'], person_key, sponsor_slug, ...over }), as);

describe('sending', () => {
  test('puts the code in the outbox and only its hash in the table', async () => {
    const sent = await send();
    expect(sent).toMatchObject({ channel: 'SMS', expires_in: 300, masked_destination: '******0001' });
    const code = await lastCode();
    const messages = await units.store.db
      .selectFrom('outbox')
      .selectAll()
      .where('channel', '=', 'SMS')
      .execute();
    expect(messages.map((message) => message.body)).toEqual([expect.stringContaining(code)]);
    const row = await units.store.db.selectFrom('otps').selectAll().executeTakeFirstOrThrow();
    expect(JSON.stringify(row)).not.toContain(code);
    expect(row.expires_at - row.sent_at).toBe(300_000);
  });

  test('again only after 30 seconds, for each sponsor and channel by itself', async () => {
    await send();
    ahead = 29_000;
    await expect(send()).rejects.toMatchObject({ code: '071-429' });
    await send({ channel: 'EMAIL' });
    await send({ sponsor_slug: 'sponsor-sandbox' });
    // The same sponsor by its other name.
    await expect(send({ sponsor_slug: 'demo-insurer' })).rejects.toMatchObject({ code: '071-429' });
    ahead = 31_000;
    await send();
  });

  test('names everything that is unknown', async () => {
    await expect(send({ beneficiary_id: 'bnf_x', sponsor_slug: 'nobody' })).rejects.toMatchObject({
      code: '071-422-validation',
      errors: [{ path: 'beneficiary_id' }, { path: 'sponsor_slug' }],
    });
    const foreign = await beneficiaryOf(await newProvider('other'));
    await expect(send({ beneficiary_id: foreign })).rejects.toMatchObject({
      errors: [{ path: 'beneficiary_id' }],
    });
  });

  test('a sponsor without affiliation is 403, before anything is 422', async () => {
    await units.store.db.deleteFrom('affiliations').where('sponsor_slug', '=', sponsor_slug).execute();
    const outcome = refusalOf(send({ beneficiary_id: 'bnf_x' }));
    expect(await outcome).toBe('071-403-sponsor-not-affiliated');
  });

  test('somebody without phone and mail gets none', async () => {
    const unreachable = await beneficiaryOf(provider_id, personKey('PA', 'P1000009'));
    for (const channel of ['SMS', 'EMAIL'] as const) {
      const outcome = refusalOf(send({ beneficiary_id: unreachable, channel }));
      expect(await outcome).toBe('071-422-otp-destination');
    }
  });
});

describe('validating', () => {
  test('the code of the message becomes a token of which only the hash is kept', async () => {
    const { otp_id } = await send();
    const outcome = await validate(otp_id, await lastCode());
    expect(outcome).toMatchObject({ expires_in: 600 });
    const row = await units.store.db.selectFrom('verification_tokens').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ provider_id, otp_id, person_key, sponsor_slug, used_at: null });
    expect(Object.values(row)).not.toContain(
      (outcome as { otp_verification_token: string }).otp_verification_token,
    );
  });

  test('works once', async () => {
    const { otp_id } = await send();
    await validate(otp_id, '246810');
    expect(await refusalOf(validate(otp_id, '246810'))).toBe('071-422-otp-used');
    ahead = 301_000;
    expect(await refusalOf(validate(otp_id, '000000'))).toBe('071-422-otp-used');
  });

  test('the fifth wrong try locks', async () => {
    const { otp_id } = await send();
    for (let wrong = 1; wrong <= 5; wrong += 1) {
      expect(await refusalOf(validate(otp_id, '000000'))).toBe('071-422-otp-invalid');
    }
    expect(await refusalOf(validate(otp_id, '246810'))).toBe('071-422-otp-locked');
    ahead = 301_000;
    expect(await refusalOf(validate(otp_id, '246810'))).toBe('071-422-otp-locked');
  });

  test('four wrong tries leave the right one', async () => {
    const { otp_id } = await send();
    for (let wrong = 1; wrong <= 4; wrong += 1) await validate(otp_id, '000000');
    expect(await validate(otp_id, await lastCode())).toMatchObject({ expires_in: 600 });
  });

  test('is too late after 300 seconds, and then no try counts', async () => {
    const { otp_id } = await send();
    ahead = 301_000;
    for (let late = 1; late <= 6; late += 1) {
      expect(await refusalOf(validate(otp_id, '000000'))).toBe('071-422-otp-expired');
    }
  });

  test("another provider's is as unknown as any", async () => {
    const { otp_id } = await send();
    const other = await newProvider('other');
    expect(await refusalOf(validate(otp_id, '246810', other))).toBe('071-404-otp');
    expect(await refusalOf(validate('otp_x', '246810'))).toBe('071-404-otp');
  });
});

describe('a token as proof', () => {
  test('works once', async () => {
    const otp_verification_token = await newToken();
    await consume({ otp_verification_token });
    expect(await refusalOf(consume({ otp_verification_token }))).toBe('071-422-verification-required');
  });

  test('stays when the call it was for fails', async () => {
    const otp_verification_token = await newToken();
    const failing = run(async (uow) => {
      await consumeProofs(uow, { methods: ['OTP'], person_key, sponsor_slug, otp_verification_token });
      throw new Error('failed later');
    });
    await expect(failing).rejects.toThrow('failed later');
    await consume({ otp_verification_token });
  });

  test('is bound to provider, person, sponsor and 10 minutes', async () => {
    const otp_verification_token = await newToken();
    const other = await newProvider('other');
    const refusals = [
      await refusalOf(consume({})),
      await refusalOf(consume({ otp_verification_token: 'unknown' })),
      await refusalOf(consume({ otp_verification_token, person_key: personKey('CC', '1000000002') })),
      await refusalOf(consume({ otp_verification_token, sponsor_slug: 'sponsor-sandbox' })),
      await refusalOf(consume({ otp_verification_token }, other)),
      await refusalOf(consume({ methods: ['BIOMETRIC'], otp_verification_token })),
    ];
    ahead = 601_000;
    refusals.push(await refusalOf(consume({ otp_verification_token })));
    expect(new Set(refusals)).toEqual(new Set(['071-422-verification-required']));
    ahead = 598_000;
    await consume({ otp_verification_token });
  });

  test('beside another that is missing is not used up, and all that is wrong is said at once', async () => {
    const methods = ['OTP', 'BIOMETRIC'] as const;
    const both = [{ path: 'otp_verification_token' }, { path: 'biometric_reading_id' }];
    await expect(consume({ methods })).rejects.toMatchObject({ errors: both });
    const otp_verification_token = await newToken();
    await expect(consume({ methods, otp_verification_token })).rejects.toMatchObject({
      errors: [{ path: 'biometric_reading_id' }],
    });
    await consume({ otp_verification_token });
  });

  test('fits a sponsor under each of its slugs', async () => {
    const { otp_id } = await send({ sponsor_slug: 'demo-insurer' });
    const outcome = await validate(otp_id, '246810');
    if ('refusal' in outcome) throw outcome.refusal;
    const { otp_verification_token } = outcome;
    await consume({ otp_verification_token, sponsor_slug: 'sponsor-sandbox' });
  });
});

describe('a reading as proof', () => {
  const read = (text: string) =>
    run((uow) =>
      createBiometricReading(uow, {
        beneficiary_id,
        type: 'FINGERPRINT_READING',
        value: Buffer.from(text).toString('base64'),
      }),
    );

  test('keeps nothing of the value but its hash', async () => {
    const reading = await read('a finger');
    expect(reading.id).toBe(reading.biometric_reading_id);
    expect(reading).toMatchObject({ verification_status: 'VERIFICATION_SUCCESS', failure_description: null });
    const row = await units.store.db.selectFrom('biometric_readings').selectAll().executeTakeFirstOrThrow();
    expect(row.value_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.values(row)).not.toContain(Buffer.from('a finger').toString('base64'));
  });

  test('works once, within 10 minutes, for the person', async () => {
    const proof = {
      methods: ['BIOMETRIC'],
      biometric_reading_id: (await read('match')).id,
    } satisfies Partial<ProofDemand>;
    const refused = '071-422-verification-required';
    expect(await refusalOf(consume({ ...proof, person_key: personKey('CC', '1000000002') }))).toBe(refused);
    ahead = 601_000;
    expect(await refusalOf(consume(proof))).toBe(refused);
    ahead = 0;
    await consume(proof);
    expect(await refusalOf(consume(proof))).toBe(refused);
  });

  test('that did not match proves nothing', async () => {
    const reading = await read('no-match');
    expect(reading.verification_status).toBe('VERIFICATION_FAILURE');
    expect(reading.failure_description).not.toBeNull();
    const outcome = refusalOf(consume({ methods: ['BIOMETRIC'], biometric_reading_id: reading.id }));
    expect(await outcome).toBe('071-422-verification-required');
  });

  test('names an unknown person and a broken value together', async () => {
    const broken = { beneficiary_id: 'bnf_x', type: 'FINGERPRINT_READING', value: '%%%' } as const;
    await expect(run((uow) => createBiometricReading(uow, broken))).rejects.toMatchObject({
      code: '071-422-validation',
      errors: [{ path: 'beneficiary_id' }, { path: 'value' }],
    });
  });
});
