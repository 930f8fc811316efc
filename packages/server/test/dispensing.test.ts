import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { approve, eventsAbout, initiate, type RequestOptions } from './flows.ts';
import { type Json, type Reply, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;
let pharmacy: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  clinic = await sandbox.provider();
  pharmacy = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const url = '/dispensing/v1/dispensations';
const receipt = { document_number: 'FV-10021', document_date: '2026-01-15' };
const outcome = (reply: Reply) => [reply.status, reply.body.code];
const pathsOf = (reply: Reply) => reply.body.errors.map((issue: Json) => issue.path);

const start = (by: TestProvider, code: string, over: Record<string, unknown> = {}) =>
  by.call('POST', url, { code, beneficiary_id: by.beneficiary(), ...over });
const complete = (by: TestProvider, id: string, over: Record<string, unknown> = {}) =>
  by.call('POST', `${url}/${id}/complete`, { ...receipt, ...over });
const cancel = (by: TestProvider, id: string, body?: unknown) => by.call('POST', `${url}/${id}/void`, body);
const get = async (by: TestProvider, id: string) => (await by.call('GET', `${url}/${id}`)).body;

async function newCode(options: RequestOptions = {}, by = clinic): Promise<string> {
  return (await approve(by, options)).authorization_code;
}

async function started(by: TestProvider, code: string, over: Record<string, unknown> = {}): Promise<string> {
  return (await start(by, code, over)).body.dispensation_id;
}

async function authorizationOf(code: string, by = clinic): Promise<Json> {
  return (await by.call('GET', `/arc/v1/authorizations?code=${code}`)).body.content[0];
}

const eventsOf = (provider: TestProvider, resource_id: string) => eventsAbout(sandbox, provider, resource_id);

describe('one dispensation from start to claim', () => {
  test('holds, redeems, and the money adds up', async () => {
    const code = await newCode({ products: [['MED-SBX-001', 10]] });
    const begun = await start(clinic, code);
    expect(begun.status).toBe(201);
    expect(begun.headers.location).toBe(`${url}/${begun.body.dispensation_id}`);
    expect(begun.body).toMatchObject({
      status: 'STARTED',
      code,
      code_type: 'AUTHORIZATION',
      beneficiary_id: clinic.beneficiary(),
      sponsor_slug: 'sponsor-sandbox-do',
      provider_branch_id: clinic.sheet.provider_branch_id ?? expect.any(String),
      products: [{ product_code: 'MED-SBX-001', quantity: 10, unit_price: 219.7, taxes: 0 }],
      currency_code: 'DOP',
      verification_required: null,
      total_amount: 2197,
      claim_id: null,
    });
    expect(Date.parse(begun.body.expires_at) - Date.parse(begun.body.started_at)).toBe(30 * 60_000);

    const done = await complete(clinic, begun.body.dispensation_id, {
      amount: 2197,
      document_serial: 'A',
      provider_transaction_id: 'pos-1',
    });
    expect(done.status).toBe(200);
    expect(done.body).toMatchObject({
      ...receipt,
      status: 'COMPLETED',
      total_amount: 2197,
      copayment_amount: 100,
      coinsurance_amount: 439.4,
      amount_covered_by_sponsor: 1657.6,
      amount_paid_by_patient: 539.4,
      claim_id: expect.stringMatching(/^clm_/),
      document_serial: 'A',
      provider_transaction_id: 'pos-1',
      completed_at: expect.any(String),
    });
    expect(await get(clinic, begun.body.dispensation_id)).toEqual(done.body);
    expect(await authorizationOf(code)).toMatchObject({
      status: 'REDEEMED',
      products: [{ redeemed_quantity: 10 }],
    });

    const [claim] = await sandbox.sandbox.units.store.db
      .selectFrom('claims')
      .innerJoin('dispensations', 'dispensations.claim_id', 'claims.claim_id')
      .selectAll('claims')
      .select('dispensations.number as dispensation_number')
      .where('claims.claim_id', '=', done.body.claim_id)
      .execute();
    expect(claim).toMatchObject({
      kind: 'DISPENSATION',
      status: 'COMPLETED',
      number: claim?.dispensation_number,
      amount: 219_700,
      covered_amount: 165_760,
      beneficiary_id: clinic.beneficiary(),
      sponsor_transaction_id: expect.stringMatching(/^STX-\d{12}$/),
    });
  });

  test('a second dispensation is 409, with products too', async () => {
    const code = await newCode();
    await complete(clinic, await started(clinic, code));
    expect(outcome(await start(clinic, code))).toEqual([409, '071-409-already-dispensed']);
    const products = [{ product_code: 'MED-SBX-001', quantity: 1 }];
    expect(outcome(await start(clinic, code, { products }))).toEqual([409, '071-409-already-dispensed']);
  });

  test('amount is the total or the part of the sponsor, nothing else', async () => {
    const ids = [await started(clinic, await newCode()), await started(clinic, await newCode())];
    const wrong = await complete(clinic, ids[0] ?? '', { amount: 2196.99 });
    expect(outcome(wrong)).toEqual([422, '071-422-amount-mismatch']);
    expect(pathsOf(wrong)).toEqual(['amount']);
    expect((await complete(clinic, ids[0] ?? '', { amount: 2197 })).status).toBe(200);
    expect((await complete(clinic, ids[1] ?? '', { amount: 1657.6 })).status).toBe(200);
  });

  test('completing again, voiding or changing a closed one is 409', async () => {
    const id = await started(clinic, await newCode());
    await complete(clinic, id);
    const products = [{ product_code: 'MED-SBX-001', quantity: 1 }];
    const replies = [
      await complete(clinic, id),
      await cancel(clinic, id),
      await clinic.call('PUT', `${url}/${id}`, { products }),
    ];
    for (const reply of replies) expect(outcome(reply)).toEqual([409, '071-409-dispensation-closed']);
  });

  test('the same Idempotency-Key dispenses once', async () => {
    const body = { code: await newCode(), beneficiary_id: clinic.beneficiary() };
    const key = { 'idempotency-key': `start-${body.code}` };
    const [first, second] = await Promise.all([
      clinic.call('POST', url, body, key),
      clinic.call('POST', url, body, key),
    ]);
    expect([first?.status, second?.body.dispensation_id]).toEqual([201, first?.body.dispensation_id]);
  });
});

describe('races', () => {
  test('of 50 starts exactly one wins', async () => {
    const code = await newCode({
      products: [
        ['MED-SBX-001', 10],
        ['MED-SBX-002', 3],
      ],
    });
    const replies = await Promise.all(Array.from({ length: 50 }, () => start(clinic, code)));
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(1);
    const losers = replies.filter((reply) => reply.status !== 201);
    expect(new Set(losers.map((reply) => `${outcome(reply)}`))).toEqual(
      new Set(['409,071-409-dispensation-in-progress']),
    );
  });

  test('of 30 starts of a part, as many win as there is', async () => {
    const code = await newCode({ products: [['MED-SBX-001', 10]] });
    const products = [{ product_code: 'MED-SBX-001', quantity: 1 }];
    const replies = await Promise.all(Array.from({ length: 30 }, () => start(pharmacy, code, { products })));
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(10);
    expect(replies.filter((reply) => reply.status === 409)).toHaveLength(20);
  });

  test('of completes and voids exactly one wins', async () => {
    const code = await newCode();
    const id = await started(clinic, code);
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? complete(clinic, id) : cancel(clinic, id))),
    );
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, ...Array(19).fill(409)]);
    const { status } = await get(clinic, id);
    const redeemed = status === 'COMPLETED' ? 10 : 0;
    expect((await authorizationOf(code)).products[0].redeemed_quantity).toBe(redeemed);
    expect(await eventsOf(clinic, id)).toHaveLength(2);
  });

  test('of a start and a void of the authorization exactly one wins', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { authorization_id, authorization_code } = await approve(clinic);
      const [begun, voided] = await Promise.all([
        start(clinic, authorization_code),
        clinic.call('POST', `/arc/v1/authorizations/${authorization_id}/void`),
      ]);
      expect([begun?.status, voided?.status].sort()).toSatisfy(
        (statuses: number[]) => `${statuses}` === '200,409' || `${statuses}` === '201,409',
      );
    }
  });
});

describe('parts', () => {
  test('are redeemed one after the other', async () => {
    const code = await newCode({
      products: [
        ['MED-SBX-001', 10],
        ['MED-SBX-002', 2],
      ],
    });
    const first = await start(clinic, code, { products: [{ product_code: 'MED-SBX-001', quantity: 4 }] });
    await complete(clinic, first.body.dispensation_id);
    expect((await authorizationOf(code)).status).toBe('PARTIALLY_REDEEMED');

    const tooMany = await start(clinic, code, { products: [{ product_code: 'MED-SBX-001', quantity: 7 }] });
    expect(outcome(tooMany)).toEqual([422, '071-422-validation']);
    expect(pathsOf(tooMany)).toEqual(['products[0].quantity']);

    const rest = await start(clinic, code);
    expect(rest.body.products).toMatchObject([
      { product_code: 'MED-SBX-001', quantity: 6 },
      { product_code: 'MED-SBX-002', quantity: 2 },
    ]);
    await complete(clinic, rest.body.dispensation_id);
    expect((await authorizationOf(code)).status).toBe('REDEEMED');
  });

  test('beside an open one: what is free can be taken, what is held is 409', async () => {
    const code = await newCode({ products: [['MED-SBX-001', 10]] });
    const part = (quantity: number) => ({ products: [{ product_code: 'MED-SBX-001', quantity }] });
    await started(clinic, code, part(6));
    expect(outcome(await start(clinic, code, part(5)))).toEqual([409, '071-409-dispensation-in-progress']);
    const other = await start(clinic, code);
    expect(other.body.products).toMatchObject([{ quantity: 4 }]);
    expect(outcome(await start(clinic, code))).toEqual([409, '071-409-dispensation-in-progress']);
  });

  test('voiding gives back', async () => {
    const code = await newCode();
    const id = await started(clinic, code);
    expect(outcome(await start(clinic, code))).toEqual([409, '071-409-dispensation-in-progress']);
    const voided = await cancel(clinic, id, { reason: 'The person left.' });
    expect(voided.body).toMatchObject({
      status: 'CANCELLED',
      cancelled_by: 'PHARMACY',
      cancellation_reason: 'The person left.',
      claim_id: null,
    });
    expect((await start(clinic, code)).status).toBe(201);
  });

  test('PUT replaces the lines as a whole, or leaves them', async () => {
    const code = await newCode({
      products: [
        ['MED-SBX-001', 10],
        ['MED-SBX-002', 2],
      ],
    });
    const id = await started(clinic, code);
    const put = (...products: Json[]) => clinic.call('PUT', `${url}/${id}`, { products });
    const changed = await put({ product_code: 'MED-SBX-001', quantity: 3, unit_price: 10, taxes: 1.5 });
    expect(changed.body).toMatchObject({ total_amount: 31.5, products: [{ quantity: 3, unit_price: 10 }] });
    const refused = await put(
      { product_code: 'MED-SBX-001', quantity: 11 },
      { product_code: 'MED-SBX-003', quantity: 1 },
    );
    expect(pathsOf(refused)).toEqual(['products[0].quantity', 'products[1].product_code']);
    expect(await get(clinic, id)).toEqual(changed.body);
    const { body: other } = await start(clinic, code);
    expect(other.products).toMatchObject([{ quantity: 7 }, { quantity: 2 }]);
    expect(outcome(await put({ product_code: 'MED-SBX-001', quantity: 4 }))).toEqual([
      409,
      '071-409-dispensation-in-progress',
    ]);
    await complete(clinic, id);
    await complete(clinic, other.dispensation_id);
    expect((await authorizationOf(code)).status).toBe('REDEEMED');
  });
});

describe('substitution', () => {
  test('the money is of what is handed over, the quantity of what was authorized', async () => {
    const code = await newCode({ products: [['MED-SBX-001', 10]] });
    const { body } = await start(clinic, code, {
      products: [
        {
          product_code: 'MED-SBX-001',
          quantity: 4,
          substitute_product_code: 'MED-SBX-002',
          substitute_quantity: 2,
          substitution_reason_enum: 'OUT_OF_STOCK',
        },
        { product_code: 'MED-SBX-001', quantity: 6, taxes: 0.1 },
      ],
    });
    // 17 900 COP and 14 500 COP at 66 pesos, rounded half up.
    expect(body.products).toEqual([
      {
        product_code: 'MED-SBX-001',
        quantity: 4,
        unit_price: 271.21,
        taxes: 0,
        substitute_product_code: 'MED-SBX-002',
        substitute_quantity: 2,
        substitution_reason_enum: 'OUT_OF_STOCK',
      },
      { product_code: 'MED-SBX-001', quantity: 6, unit_price: 219.7, taxes: 0.1 },
    ]);
    expect(body.total_amount).toBe(1860.72);
    await complete(clinic, body.dispensation_id);
    expect((await authorizationOf(code)).status).toBe('REDEEMED');
  });

  test('everything wrong with it is listed', async () => {
    const code = await newCode({ products: [['MED-SBX-001', 10]] });
    const line = (over: Json) => ({ product_code: 'MED-SBX-001', quantity: 1, ...over });
    const reply = await start(clinic, code, {
      beneficiary_id: undefined,
      provider_branch_id: 'branch_other',
      products: [
        line({ substitute_product_code: 'MED-SBX-002' }),
        line({ substitute_product_code: 'MED-SBX-002', substitution_reason_enum: 'OTHER' }),
        line({ substitute_product_code: 'NO-SUCH', substitution_reason_enum: 'EMERGENCY' }),
        line({ substitute_product_code: 'MED-SBX-902', substitution_reason_enum: 'EMERGENCY' }),
        line({ substitute_quantity: 2 }),
        line({ unit_price: 1e12, quantity: 2 }),
      ],
    });
    expect(outcome(reply)).toEqual([422, '071-422-validation']);
    expect(pathsOf(reply)).toEqual([
      'beneficiary_id',
      'provider_branch_id',
      'products[0].substitution_reason_enum',
      'products[1].substitution_other_description',
      'products[2].substitute_product_code',
      'products[4].substitute_product_code',
      'products[5].unit_price',
      'products[3].substitute_product_code',
    ]);
  });

  test('one that is only not registered is 071-104', async () => {
    const reply = await start(clinic, await newCode(), {
      products: [
        {
          product_code: 'MED-SBX-001',
          quantity: 1,
          substitute_product_code: 'MED-SBX-902',
          substitution_reason_enum: 'OTHER',
          substitution_reason: 'The person asked for it.',
        },
      ],
    });
    expect(outcome(reply)).toEqual([422, '071-104']);
  });
});

describe('the code', () => {
  test('unknown is 404, before anything that is wrong with the rest', async () => {
    const reply = await start(clinic, 'AUTH-2026-000000', { beneficiary_id: undefined });
    expect(outcome(reply)).toEqual([404, '071-404-code']);
    expect(outcome(await start(clinic, 'RX-2026-000123'))).toEqual([404, '071-404-code']);
  });

  test('of another person is 422', async () => {
    const reply = await start(clinic, await newCode(), { beneficiary_id: clinic.beneficiary('1000000007') });
    expect(outcome(reply)).toEqual([422, '071-422-beneficiary-mismatch']);
  });

  test("another provider's id of the person is unknown here", async () => {
    const reply = await start(pharmacy, await newCode(), { beneficiary_id: clinic.beneficiary() });
    expect(outcome(reply)).toEqual([422, '071-422-validation']);
    expect(reply.body.errors).toEqual([{ path: 'beneficiary_id', message: 'is unknown' }]);
  });

  test('voided is 409', async () => {
    const { authorization_id, authorization_code } = await approve(clinic);
    await clinic.call('POST', `/arc/v1/authorizations/${authorization_id}/void`);
    expect(outcome(await start(clinic, authorization_code))).toEqual([409, '071-409-code-voided']);
  });

  test('expired is 409 from its moment on, whether or not the expiry has been written down', async () => {
    const code = await newCode();
    await sandbox.sandbox.units.store.db
      .updateTable('authorizations')
      .set({ expires_at: 1_000 })
      .where('authorization_code', '=', code)
      .execute();
    expect((await authorizationOf(code)).status).toBe('APPROVED');
    expect(outcome(await start(clinic, code))).toEqual([409, '071-409-code-expired']);
  });

  test('expired is 409, but what an open dispensation holds is still completed', async () => {
    const owner = await sandbox.provider();
    const { authorization_code } = await approve(owner);
    const part = { products: [{ product_code: 'MED-SBX-001', quantity: 4 }] };
    // The pharmacy's clock stands still, so its 30 minutes are not over.
    const id = await started(pharmacy, authorization_code, part);
    await owner.advance(31 * 86_400);
    expect((await authorizationOf(authorization_code, owner)).status).toBe('EXPIRED');
    expect(outcome(await start(owner, authorization_code))).toEqual([409, '071-409-code-expired']);
    expect((await complete(pharmacy, id)).status).toBe(200);
    expect(await authorizationOf(authorization_code, owner)).toMatchObject({
      status: 'EXPIRED',
      products: [{ redeemed_quantity: 4 }],
    });
  });
});

describe('the timeout', () => {
  test('cancels after 30 minutes on the clock of the pharmacy and gives back', async () => {
    const counter = await sandbox.provider();
    const code = await newCode();
    const id = await started(counter, code);
    await counter.advance(29 * 60);
    expect((await get(counter, id)).status).toBe('STARTED');
    await counter.advance(61);
    expect(await get(counter, id)).toMatchObject({ status: 'CANCELLED', cancelled_by: 'TIMEOUT' });
    expect(outcome(await complete(counter, id))).toEqual([409, '071-409-dispensation-closed']);
    expect((await start(clinic, code)).status).toBe(201);
    const [, cancelled] = await eventsOf(clinic, id);
    expect(cancelled).toMatchObject({
      event_type: 'dispensing.cancelled',
      data: { cancelled_by: 'TIMEOUT' },
    });
  });

  test('leaves a completed one alone', async () => {
    const counter = await sandbox.provider();
    const id = await started(counter, await newCode());
    await complete(counter, id);
    await counter.advance(3_600);
    expect((await get(counter, id)).status).toBe('COMPLETED');
  });
});

describe('across providers', () => {
  test('another provider redeems, the owner gets the events', async () => {
    const { authorization_code: code, authorization_id } = await approve(clinic);
    const id = await started(pharmacy, code);
    const { body: done } = await complete(pharmacy, id);
    expect(done).toMatchObject({ status: 'COMPLETED', claim_id: expect.stringMatching(/^clm_/) });
    expect(await eventsOf(pharmacy, id)).toEqual([]);
    const [begun, completed, ...more] = await eventsOf(clinic, id);
    expect(more).toEqual([]);
    const common = {
      dispensation_id: id,
      code,
      code_type: 'AUTHORIZATION',
      beneficiary_id: clinic.beneficiary(),
      sponsor_slug: 'sponsor-sandbox-do',
      pharmacy: { provider_slug: pharmacy.slug, branch_id: done.provider_branch_id },
    };
    expect(begun).toMatchObject({
      event_type: 'dispensing.started',
      provider: { provider_slug: clinic.slug },
    });
    expect(begun.data).toEqual({
      ...common,
      products: [{ product_code: 'MED-SBX-001', quantity: 10 }],
      started_at: done.started_at,
    });
    expect(completed.event_type).toBe('dispensing.completed');
    expect(completed.data).toEqual({
      ...common,
      authorization_id,
      prescription_id: null,
      products: [{ product_code: 'MED-SBX-001', quantity: 10, unit_price: 219.7 }],
      total_amount: 2197,
      currency_code: 'DOP',
      claim_id: null,
      completed_at: done.completed_at,
    });
  });

  test("an owner's own event carries the claim", async () => {
    const id = await started(clinic, await newCode());
    const { body } = await complete(clinic, id);
    const events = await eventsOf(clinic, id);
    expect(events.map((event) => event.data.claim_id)).toEqual([undefined, body.claim_id]);
  });

  test('provider_slugs says who else may redeem', async () => {
    const code = await newCode({ extra: { provider_slugs: ['somebody-else'] } });
    expect(outcome(await start(pharmacy, code))).toEqual([404, '071-404-code']);
    expect((await start(clinic, code)).status).toBe(201);
    const open = await newCode({ extra: { provider_slugs: [pharmacy.slug] } });
    expect((await start(pharmacy, open)).status).toBe(201);
  });

  test('only the dispensing provider sees it', async () => {
    const id = await started(pharmacy, await newCode());
    const replies = [
      await clinic.call('GET', `${url}/${id}`),
      await clinic.call('GET', `${url}/${id}/verification-status`),
      await complete(clinic, id, { document_number: undefined }),
      await cancel(clinic, id),
      await clinic.call('PUT', `${url}/${id}`, {}),
    ];
    for (const reply of replies) expect(outcome(reply)).toEqual([404, '071-404-dispensation']);
  });

  test('a reset of the pharmacy gives the code back', async () => {
    const counter = await sandbox.provider();
    const code = await newCode();
    const id = await started(counter, code);
    await counter.call('POST', `/_sandbox/v1/providers/${counter.slug}/reset`);
    expect((await start(clinic, code)).status).toBe(201);
    expect((await eventsOf(clinic, id)).map((event) => event.event_type)).toEqual([
      'dispensing.started',
      'dispensing.cancelled',
    ]);
  });
});

describe('proof of the person', () => {
  async function otpToken(by: TestProvider): Promise<string> {
    const { body: sent } = await by.call('POST', '/v1/otp/send', {
      beneficiary_id: by.beneficiary(),
      sponsor_slug: 'sponsor-sandbox-otp',
      channel: 'SMS',
    });
    const { body } = await by.call('POST', '/v1/otp/validate', { otp_id: sent.otp_id, code: '246810' });
    return body.otp_verification_token;
  }

  const statusOf = async (by: TestProvider, id: string) =>
    (await by.call('GET', `${url}/${id}/verification-status`)).body;

  test('a sponsor that wants a one-time password gets it with complete', async () => {
    const owner = await sandbox.provider();
    const request = await initiate(owner, { sponsor_slug: 'sponsor-sandbox-otp' });
    const { body } = await owner.call('POST', `/arc/v1/authorization-requests/${request}/complete`, {
      otp_verification_token: await otpToken(owner),
    });
    const code = body.authorizations[0].authorization_code;
    const begun = await start(pharmacy, code);
    const id = begun.body.dispensation_id;
    expect(begun.body.verification_required).toBe('OTP');
    expect(await statusOf(pharmacy, id)).toEqual({ required: true, satisfied: false, method: 'OTP' });

    expect(outcome(await complete(pharmacy, id))).toEqual([422, '071-422-verification-required']);
    const otp_verification_token = await otpToken(pharmacy);
    expect((await complete(pharmacy, id, { otp_verification_token })).status).toBe(200);
    expect(await statusOf(pharmacy, id)).toEqual({ required: true, satisfied: true, method: 'OTP' });
    // Closed comes before the proof, which is used up by now.
    expect(outcome(await complete(pharmacy, id, { otp_verification_token }))).toEqual([
      409,
      '071-409-dispensation-closed',
    ]);
  });

  test('a sponsor that wants a biometric reading gets it with complete', async () => {
    const code = await newCode({ sponsor_slug: 'sponsor-sandbox-biometric' });
    const { body: begun } = await start(clinic, code);
    expect(begun.verification_required).toBe('BIOMETRIC');
    const id = begun.dispensation_id;
    const reading = async (value: string) => {
      const { body } = await clinic.call('POST', `/arc/v1/providers/${clinic.slug}/biometric-reading`, {
        beneficiary_id: clinic.beneficiary(),
        type: 'FINGERPRINT_READING',
        value: Buffer.from(value).toString('base64'),
      });
      return body.biometric_reading_id;
    };
    const failed = await complete(clinic, id, { biometric_reading_id: await reading('no-match') });
    expect(outcome(failed)).toEqual([422, '071-422-verification-required']);
    const passed = await complete(clinic, id, { biometric_reading_id: await reading('match') });
    expect(passed.body.status).toBe('COMPLETED');
  });

  test('where none is required nothing is missing', async () => {
    const id = await started(clinic, await newCode());
    expect(await statusOf(clinic, id)).toEqual({ required: false, satisfied: true, method: null });
  });
});

describe('lists and input', () => {
  test('newest first, by status and code', async () => {
    const counter = await sandbox.provider();
    const codes = [await newCode(), await newCode()];
    const ids: string[] = [];
    for (const code of codes) ids.push(await started(counter, code));
    await complete(counter, ids[0] ?? '');
    const list = async (query: string) =>
      (await counter.call('GET', `${url}?${query}`)).body.content.map((row: Json) => row.dispensation_id);
    expect(await list('')).toEqual([ids[1], ids[0]]);
    expect(await list('status=COMPLETED')).toEqual([ids[0]]);
    expect(await list(`code=${codes[1]}`)).toEqual([ids[1]]);
    expect(await list('page=1&size=1')).toEqual([ids[0]]);
    expect(outcome(await counter.call('GET', `${url}?status=NO`))).toEqual([422, '071-422-validation']);
  });

  test('complete needs a document', async () => {
    const id = await started(clinic, await newCode());
    const reply = await clinic.call('POST', `${url}/${id}/complete`, { document_date: 'yesterday' });
    expect(pathsOf(reply).sort()).toEqual(['document_date', 'document_number']);
    expect((await complete(clinic, id, { document_date: '2026-01-15T14:03:22.000Z' })).status).toBe(200);
  });
});
