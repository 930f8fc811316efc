import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { approve, eventsAbout, initiate, pdf, png, type RequestOptions } from './flows.ts';
import { type Json, type Reply, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;
let lab: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  clinic = await sandbox.provider();
  lab = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const outpatient = '/arc/v1/outpatient-care-claim';
const procedure = '/arc/v1/medical-procedure-claim';
const dispensations = '/dispensing/v1/dispensations';
const sponsor_slug = 'sponsor-sandbox-do';
const day = 86_400;

const outcome = (reply: Reply) => [reply.status, reply.body.code];
const pathsOf = (reply: Reply) => reply.body.errors.map((issue: Json) => issue.path);
const ten: RequestOptions = { products: [['MED-SBX-001', 10]] };

const item = (quantity: number, over: Record<string, unknown> = {}) => ({
  product_code: 'MED-SBX-001',
  product_type: 'MEDICATION',
  quantity,
  ...over,
});
const bodyOf = (by: TestProvider, over: Record<string, unknown> = {}) => ({
  beneficiary_id: by.beneficiary(),
  sponsor_slug,
  diagnosis_code: 'E11.9',
  line_items: [item(10)],
  ...over,
});
const create = (by: TestProvider, over: Record<string, unknown> = {}, url = outpatient) =>
  by.call('POST', url, bodyOf(by, over));
const complete = (by: TestProvider, id: string, body?: unknown, url = outpatient) =>
  by.call('POST', `${url}/${id}/complete`, body);
const cancel = (by: TestProvider, id: string, body?: unknown, url = outpatient) =>
  by.call('POST', `${url}/${id}/void`, body);
const patch = (by: TestProvider, id: string, ...line_items: Json[]) =>
  by.call('PATCH', `${outpatient}/${id}`, { line_items });
const get = async (by: TestProvider, id: string) => (await by.call('GET', `${outpatient}/${id}`)).body;
const start = (by: TestProvider, code: string, over: Record<string, unknown> = {}) =>
  by.call('POST', dispensations, { code, beneficiary_id: by.beneficiary(), ...over });
const receipt = { document_number: 'FV-10021', document_date: '2026-01-15' };
const authorizationOf = async (id: string, by = clinic) =>
  (await by.call('GET', `/arc/v1/authorizations/${id}`)).body;

async function authorize(options: RequestOptions = ten, by = clinic): Promise<string> {
  return (await approve(by, options)).authorization_id;
}

async function opened(over: Record<string, unknown> = {}, by = clinic): Promise<string> {
  return (await create(by, over)).body.claim_id;
}

async function dispensed(code: string, by = clinic): Promise<Json> {
  const { body } = await start(by, code);
  return (await by.call('POST', `${dispensations}/${body.dispensation_id}/complete`, receipt)).body;
}

const eventsOf = (provider: TestProvider, resource_id: string) => eventsAbout(sandbox, provider, resource_id);

describe('a claim from create to complete', () => {
  test('holds, redeems, and shows lines, amounts and files', async () => {
    const authorization_id = await authorize();
    const made = await create(clinic, {
      authorization_id,
      line_items: [item(4), item(6, { unit_price: 10.05 })],
    });
    expect(made.status).toBe(201);
    expect(made.headers.location).toBe(`${outpatient}/${made.body.claim_id}`);
    // 4 × 219.70 + 6 × 10.05; coinsurance 20 % of each line, copayment 100 once.
    expect(made.body).toMatchObject({
      claim_id: expect.stringMatching(/^clm_/),
      kind: 'OUTPATIENT_CARE',
      status: 'OPEN',
      authorization_id,
      dispensation_id: null,
      diagnosis_code: 'E11.9',
      line_items: [
        {
          product_code: 'MED-SBX-001',
          product_type: 'MEDICATION',
          quantity: 4,
          unit_price: 219.7,
          amount: 878.8,
        },
        { quantity: 6, unit_price: 10.05, taxes: 0, amount: 60.3 },
      ],
      currency_code: 'DOP',
      amount: 939.1,
      coinsurance_amount: 187.82,
      copayment_amount: 100,
      amount_covered_by_sponsor: 651.28,
      amount_paid_by_patient: 287.82,
      sponsor_transaction_id: null,
      last_settlement: null,
      files: [],
    });
    const { created_at, expires_at } = made.body;
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(30 * day * 1000);
    expect(await authorizationOf(authorization_id)).toMatchObject({
      status: 'APPROVED',
      products: [{ redeemed_quantity: 0 }],
    });

    const doctor = {
      doctor_name: 'Ana Lucía Vargas',
      doctor_medical_license_number: 'RM-1',
      doctor_country_code: 'DO',
      illness_history: 'Desde hace dos años.',
      document_digital_signature: null,
    };
    const done = await complete(clinic, made.body.claim_id, { ...receipt, ...doctor });
    expect(done.status).toBe(200);
    expect(done.body).toEqual({
      ...made.body,
      ...receipt,
      doctor_name: 'Ana Lucía Vargas',
      doctor_medical_license_number: 'RM-1',
      doctor_country_code: 'DO',
      illness_history: 'Desde hace dos años.',
      status: 'COMPLETED',
      sponsor_transaction_id: expect.stringMatching(/^STX-\d{12}$/),
      completed_at: expect.any(String),
    });
    expect(await get(clinic, made.body.claim_id)).toEqual(done.body);
    expect(await authorizationOf(authorization_id)).toMatchObject({
      status: 'REDEEMED',
      products: [{ redeemed_quantity: 10 }],
    });
  });

  test('works without an authorization, without a body at complete', async () => {
    const { body } = await create(clinic, {
      line_items: [{ product_code: 'CONS-GEN', product_type: 'medical-procedure', quantity: 1 }],
    });
    expect(body).toMatchObject({
      authorization_id: null,
      line_items: [{ product_code: 'CONS-GEN', product_type: 'PROCEDURE' }],
    });
    expect((await complete(clinic, body.claim_id)).body).toMatchObject({
      status: 'COMPLETED',
      document_number: null,
    });
    expect((await cancel(clinic, body.claim_id)).body.status).toBe('VOIDED');
  });

  test('the patient never pays more than there is', async () => {
    const { body } = await create(clinic, { line_items: [item(1, { unit_price: 50 })] });
    expect(body).toMatchObject({
      amount: 50,
      coinsurance_amount: 10,
      copayment_amount: 40,
      amount_covered_by_sponsor: 0,
      amount_paid_by_patient: 50,
    });
  });

  test('a closed one takes nothing more', async () => {
    const id = await opened({ authorization_id: await authorize() });
    await complete(clinic, id);
    const file = { file_type: 'INVOICE', content_base64: pdf };
    const changes = () => [
      complete(clinic, id),
      patch(clinic, id, item(1)),
      clinic.call('POST', `${outpatient}/${id}/files`, file),
    ];
    for (const reply of await Promise.all(changes()))
      expect(outcome(reply)).toEqual([409, '071-409-claim-closed']);
    await cancel(clinic, id);
    for (const reply of await Promise.all([...changes(), cancel(clinic, id)]))
      expect(outcome(reply)).toEqual([409, '071-409-claim-closed']);
  });

  test('the same Idempotency-Key claims once', async () => {
    const body = bodyOf(clinic, { authorization_id: await authorize() });
    const key = { 'idempotency-key': `claim-${body.beneficiary_id}` };
    const [first, second] = await Promise.all([
      clinic.call('POST', outpatient, body, key),
      clinic.call('POST', outpatient, body, key),
    ]);
    expect([first?.status, second?.body.claim_id]).toEqual([201, first?.body.claim_id]);
  });
});

describe('a medical procedure', () => {
  const line_items = [{ product_code: 'PRC-SBX-001', product_type: 'PROCEDURE', quantity: 1 }];
  const one: RequestOptions = { products: [['PRC-SBX-001', 1]] };

  test('is one line with one authorization', async () => {
    const authorization_id = await authorize(one);
    const { status, body } = await create(clinic, { authorization_id, line_items }, procedure);
    expect([status, body.kind]).toEqual([201, 'MEDICAL_PROCEDURE']);
    const files = await clinic.call('GET', `${procedure}/${body.claim_id}/authorization-files`);
    expect(files.body).toEqual({ content: [] });
    const changed = await clinic.call('PATCH', `${procedure}/${body.claim_id}`, {
      line_items: [{ ...line_items[0], unit_price: 1 }],
    });
    expect(changed.body.amount).toBe(1);
    expect((await complete(clinic, body.claim_id, undefined, procedure)).body.status).toBe('COMPLETED');
    expect((await cancel(clinic, body.claim_id, undefined, procedure)).body.status).toBe('VOIDED');
  });

  test('is refused as anything else', async () => {
    const two = [...line_items, ...line_items];
    const reply = await create(clinic, { line_items: two }, procedure);
    expect(pathsOf(reply).sort()).toEqual(['authorization_id', 'line_items']);
    const authorization_id = await authorize();
    const medication = await create(clinic, { authorization_id, line_items: [item(1)] }, procedure);
    expect(outcome(medication)).toEqual([422, '071-422-validation']);
    expect(pathsOf(medication)).toEqual(['line_items[0].product_type']);
  });

  test('each family shows its own', async () => {
    const { body } = await create(clinic, { authorization_id: await authorize(one), line_items }, procedure);
    expect(outcome(await clinic.call('GET', `${outpatient}/${body.claim_id}`))).toEqual([
      404,
      '071-404-claim',
    ]);
    const other = await opened({ line_items });
    expect(outcome(await clinic.call('GET', `${procedure}/${other}`))).toEqual([404, '071-404-claim']);
    expect(outcome(await complete(clinic, other, undefined, procedure))).toEqual([404, '071-404-claim']);
  });
});

describe('what is wrong with the body', () => {
  test('is listed in one answer', async () => {
    const reply = await create(clinic, {
      beneficiary_id: lab.beneficiary(),
      sponsor_slug: 'nobody',
      authorization_id: 'auth_01JG0000000000000000000000',
      diagnosis_code: 'XXX',
      line_items: [
        item(1, { product_type: 'LAB' }),
        item(2, { unit_price: 1e12 }),
        item(1, { product_code: 'MED-SBX-902' }),
      ],
    });
    expect(outcome(reply)).toEqual([422, '071-422-validation']);
    expect(pathsOf(reply)).toEqual([
      'beneficiary_id',
      'sponsor_slug',
      'authorization_id',
      'diagnosis_code',
      'line_items[0].product_type',
      'line_items[1].unit_price',
      'line_items[2].product_code',
    ]);
  });

  test('members are required', async () => {
    const reply = await clinic.call('POST', outpatient, {});
    expect(pathsOf(reply).sort()).toEqual(['beneficiary_id', 'diagnosis_code', 'line_items', 'sponsor_slug']);
  });

  test('a product that is only not registered is 071-104', async () => {
    const reply = await create(clinic, { line_items: [item(1, { product_code: 'MED-SBX-902' })] });
    expect(outcome(reply)).toEqual([422, '071-104']);
    expect(pathsOf(reply)).toEqual(['line_items[0].product_code']);
  });

  test('another person, another sponsor', async () => {
    const authorization_id = await authorize();
    const person = await create(clinic, {
      authorization_id,
      beneficiary_id: clinic.beneficiary('1000000007'),
    });
    expect(outcome(person)).toEqual([422, '071-422-beneficiary-mismatch']);
    const sponsor = await create(clinic, { authorization_id, sponsor_slug: 'sponsor-sandbox' });
    expect(outcome(sponsor)).toEqual([422, '071-422-validation']);
    expect(pathsOf(sponsor)).toEqual(['sponsor_slug']);
  });

  test('a sponsor is itself under any of its slugs', async () => {
    const id = await initiate(clinic, { sponsor_slug: 'sponsor-sandbox', ...ten });
    const indication = { file_type: 'MEDICAL_INDICATION', content_base64: pdf };
    await clinic.call('POST', `/arc/v1/authorization-requests/${id}/indications`, indication);
    const { body } = await clinic.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
    const { authorization_id } = body.authorizations[0];
    const reply = await create(clinic, { authorization_id, sponsor_slug: 'demo-insurer' });
    expect(reply.status).toBe(201);
  });

  test('coverage that is not active', async () => {
    const reply = await create(clinic, { beneficiary_id: clinic.beneficiary('1000000006') });
    expect(outcome(reply)).toEqual([422, '071-422-coverage-inactive']);
  });

  test('a sponsor that the provider is not affiliated with is 403', async () => {
    await sandbox.sandbox.units.store.db
      .deleteFrom('affiliations')
      .where('provider_id', '=', lab.provider_id)
      .where('sponsor_slug', '=', 'sponsor-sandbox-flaky')
      .execute();
    const reply = await create(lab, { sponsor_slug: 'sponsor-sandbox-flaky' });
    expect(outcome(reply)).toEqual([403, '071-403-sponsor-not-affiliated']);
  });

  test('not on the authorization, more than authorized', async () => {
    const authorization_id = await authorize();
    const reply = await create(clinic, {
      authorization_id,
      line_items: [item(11), item(1, { product_code: 'MED-SBX-002' })],
    });
    expect(outcome(reply)).toEqual([422, '071-422-validation']);
    expect(pathsOf(reply)).toEqual(['line_items[0].quantity', 'line_items[1].product_code']);
  });
});

describe('one use of an authorized quantity', () => {
  test('held by an open claim: for claims and dispensations 409', async () => {
    const { authorization_id, authorization_code } = await approve(clinic, ten);
    const id = await opened({ authorization_id, line_items: [item(7)] });
    expect(outcome(await create(clinic, { authorization_id, line_items: [item(4)] }))).toEqual([
      409,
      '071-409-quantity-held',
    ]);
    const rest = await start(clinic, authorization_code);
    expect(rest.body.products).toMatchObject([{ quantity: 3 }]);
    expect(outcome(await start(clinic, authorization_code))).toEqual([
      409,
      '071-409-dispensation-in-progress',
    ]);
    expect(outcome(await clinic.call('POST', `/arc/v1/authorizations/${authorization_id}/void`))).toEqual([
      409,
      '071-409-not-voidable',
    ]);
    await cancel(clinic, id, { reason: 'Wrong person.' });
    expect(await get(clinic, id)).toMatchObject({ status: 'VOIDED', void_reason: 'Wrong person.' });
    expect((await create(clinic, { authorization_id, line_items: [item(7)] })).status).toBe(201);
  });

  test('held by an open dispensation, redeemed by a completed one', async () => {
    const { authorization_id, authorization_code } = await approve(clinic, ten);
    const { body } = await start(clinic, authorization_code);
    expect(outcome(await create(clinic, { authorization_id }))).toEqual([409, '071-409-quantity-held']);
    await clinic.call('POST', `${dispensations}/${body.dispensation_id}/complete`, receipt);
    expect(outcome(await create(clinic, { authorization_id }))).toEqual([409, '071-409-already-dispensed']);
  });

  test('what was partly redeemed is a conflict, not a mistake', async () => {
    const authorization_id = await authorize();
    await complete(clinic, await opened({ authorization_id, line_items: [item(4)] }));
    expect((await authorizationOf(authorization_id)).status).toBe('PARTIALLY_REDEEMED');
    expect(outcome(await create(clinic, { authorization_id, line_items: [item(7)] }))).toEqual([
      409,
      '071-409-already-dispensed',
    ]);
    await complete(clinic, await opened({ authorization_id, line_items: [item(6)] }));
    expect((await authorizationOf(authorization_id)).status).toBe('REDEEMED');
  });

  test('the state of the authorization is 409', async () => {
    const voided = await authorize();
    await clinic.call('POST', `/arc/v1/authorizations/${voided}/void`);
    expect(outcome(await create(clinic, { authorization_id: voided }))).toEqual([409, '071-409-code-voided']);

    const slug = { sponsor_slug: 'sponsor-sandbox-manual' };
    const pending = await authorize({ ...ten, ...slug });
    expect(outcome(await create(clinic, { authorization_id: pending, ...slug }))).toEqual([
      409,
      '071-409-code-pending',
    ]);
    const rejected = await authorize({ products: [['MED-SBX-901', 10]] });
    const line_items = [item(10, { product_code: 'MED-SBX-901' })];
    expect(outcome(await create(clinic, { authorization_id: rejected, line_items }))).toEqual([
      409,
      '071-409-code-rejected',
    ]);
  });

  test('PATCH takes anew as a whole, or leaves everything', async () => {
    const authorization_id = await authorize({
      products: [
        ['MED-SBX-001', 10],
        ['MED-SBX-002', 2],
      ],
    });
    const id = await opened({ authorization_id, line_items: [item(10)] });
    const changed = await patch(
      clinic,
      id,
      item(3, { unit_price: 10 }),
      item(2, { product_code: 'MED-SBX-002' }),
    );
    expect(changed.body).toMatchObject({ status: 'OPEN', line_items: [{ quantity: 3 }, { quantity: 2 }] });
    expect(changed.body.amount).toBe(changed.body.line_items[0].amount + changed.body.line_items[1].amount);
    const refused = await patch(clinic, id, item(11), item(1, { product_code: 'MED-SBX-003' }));
    expect(pathsOf(refused)).toEqual(['line_items[0].quantity', 'line_items[1].product_code']);
    expect(await get(clinic, id)).toEqual(changed.body);
    const other = await opened({ authorization_id, line_items: [item(7)] });
    expect(outcome(await patch(clinic, id, item(4)))).toEqual([409, '071-409-quantity-held']);
    expect(await get(clinic, id)).toEqual(changed.body);
    await complete(clinic, other);
    expect((await complete(clinic, id)).status).toBe(200);
    expect((await authorizationOf(authorization_id)).status).toBe('REDEEMED');
  });

  test('voiding a completed claim frees what it redeemed, part by part', async () => {
    const authorization_id = await authorize();
    const [first, second] = [
      await opened({ authorization_id, line_items: [item(4)] }),
      await opened({ authorization_id, line_items: [item(6)] }),
    ];
    await complete(clinic, first);
    await complete(clinic, second);
    await cancel(clinic, first);
    expect(await authorizationOf(authorization_id)).toMatchObject({
      status: 'PARTIALLY_REDEEMED',
      products: [{ redeemed_quantity: 6 }],
    });
    await cancel(clinic, second);
    expect(await authorizationOf(authorization_id)).toMatchObject({
      status: 'APPROVED',
      products: [{ redeemed_quantity: 0 }],
    });
    expect((await clinic.call('POST', `/arc/v1/authorizations/${authorization_id}/void`)).status).toBe(200);
  });
});

describe('the claim of a dispensation', () => {
  test('reads as outpatient care, with lines, document and diagnosis', async () => {
    const { authorization_id, authorization_code } = await approve(clinic, ten);
    const dispensation = await dispensed(authorization_code);
    const claim = await get(clinic, dispensation.claim_id);
    expect(claim).toMatchObject({
      kind: 'DISPENSATION',
      status: 'COMPLETED',
      authorization_id,
      dispensation_id: dispensation.dispensation_id,
      diagnosis_code: 'E11.9',
      line_items: [{ product_code: 'MED-SBX-001', quantity: 10, unit_price: 219.7, amount: 2197 }],
      amount: dispensation.total_amount,
      amount_covered_by_sponsor: dispensation.amount_covered_by_sponsor,
      amount_paid_by_patient: dispensation.amount_paid_by_patient,
      ...receipt,
      expires_at: null,
    });
    const files = await clinic.call('GET', `${outpatient}/${dispensation.claim_id}/authorization-files`);
    expect(files.status).toBe(200);
  });

  test('of a substituted line shows what was handed over', async () => {
    const { authorization_code } = await approve(clinic, ten);
    const { body } = await start(clinic, authorization_code, {
      products: [
        {
          product_code: 'MED-SBX-001',
          quantity: 4,
          taxes: 1.5,
          substitute_product_code: 'MED-SBX-002',
          substitute_quantity: 2,
          substitution_reason_enum: 'OUT_OF_STOCK',
        },
      ],
    });
    const { body: done } = await clinic.call(
      'POST',
      `${dispensations}/${body.dispensation_id}/complete`,
      receipt,
    );
    const claim = await get(clinic, done.claim_id);
    expect(claim.line_items).toMatchObject([
      { quantity: 4, substitute_product_code: 'MED-SBX-002', substitute_quantity: 2, amount: claim.amount },
    ]);
    expect(claim.amount).toBe(done.total_amount);
  });

  test('voided: the quantity is free again, the dispensation stays COMPLETED', async () => {
    const { authorization_id, authorization_code } = await approve(clinic, ten);
    const { claim_id, dispensation_id } = await dispensed(authorization_code);
    expect((await cancel(clinic, claim_id, { reason: 'Returned.' })).body.status).toBe('VOIDED');
    expect((await clinic.call('GET', `${dispensations}/${dispensation_id}`)).body.status).toBe('COMPLETED');
    expect(await authorizationOf(authorization_id)).toMatchObject({
      status: 'APPROVED',
      products: [{ redeemed_quantity: 0 }],
    });
    expect((await start(clinic, authorization_code)).status).toBe(201);
  });
});

describe('time', () => {
  test('an OPEN claim expires after 30 days and gives back; a completed one does not', async () => {
    const counter = await sandbox.provider();
    const shared = { ...ten, extra: { provider_slugs: [counter.slug] } };
    const { authorization_id, authorization_code } = await approve(clinic, shared);
    const id = await opened({ authorization_id, line_items: [item(4)] }, counter);
    const done = await opened({ authorization_id, line_items: [item(1)] }, counter);
    await complete(counter, done);
    await counter.advance(30 * day - 60);
    expect((await get(counter, id)).status).toBe('OPEN');
    await counter.advance(61);
    expect((await get(counter, id)).status).toBe('EXPIRED');
    expect((await get(counter, done)).status).toBe('COMPLETED');
    expect(outcome(await complete(counter, id))).toEqual([409, '071-409-claim-closed']);
    expect(outcome(await cancel(counter, id))).toEqual([409, '071-409-claim-closed']);
    expect((await start(clinic, authorization_code)).body.products).toMatchObject([{ quantity: 9 }]);
  });

  test('what an open claim holds outlives the authorization', async () => {
    const owner = await sandbox.provider();
    const authorization_id = await authorize({ ...ten, extra: { provider_slugs: [lab.slug] } }, owner);
    const id = await opened({ authorization_id, line_items: [item(4)] }, lab);
    await owner.advance(31 * day);
    expect((await authorizationOf(authorization_id, owner)).status).toBe('EXPIRED');
    expect(outcome(await create(lab, { authorization_id, line_items: [item(4)] }))).toEqual([
      409,
      '071-409-code-expired',
    ]);
    expect(outcome(await patch(lab, id, item(3)))).toEqual([409, '071-409-code-expired']);
    expect((await complete(lab, id)).status).toBe(200);
    expect(await authorizationOf(authorization_id, owner)).toMatchObject({
      status: 'EXPIRED',
      products: [{ redeemed_quantity: 4 }],
    });
    await cancel(lab, id);
    expect(await authorizationOf(authorization_id, owner)).toMatchObject({
      status: 'EXPIRED',
      products: [{ redeemed_quantity: 0 }],
    });
  });

  test('a redeemed authorization whose validity ended meanwhile expires when its claim is voided', async () => {
    const owner = await sandbox.provider();
    const authorization_id = await authorize(ten, owner);
    const id = await opened({ authorization_id }, owner);
    await complete(owner, id);
    await owner.advance(31 * day);
    expect((await authorizationOf(authorization_id, owner)).status).toBe('REDEEMED');
    expect(await eventsOf(owner, authorization_id)).toEqual([]);
    await cancel(owner, id);
    expect(await authorizationOf(authorization_id, owner)).toMatchObject({
      status: 'EXPIRED',
      products: [{ redeemed_quantity: 0 }],
    });
    expect(await eventsOf(owner, authorization_id)).toMatchObject([
      { event_type: 'authorization.voided', data: { voided_by: 'EXPIRY' } },
    ]);
  });

  test('one that is freed in time expires at its moment', async () => {
    const owner = await sandbox.provider();
    const authorization_id = await authorize(ten, owner);
    const id = await opened({ authorization_id }, owner);
    await complete(owner, id);
    await cancel(owner, id);
    expect((await authorizationOf(authorization_id, owner)).status).toBe('APPROVED');
    await owner.advance(31 * day);
    expect((await authorizationOf(authorization_id, owner)).status).toBe('EXPIRED');
  });
});

describe('files', () => {
  async function withIndication(): Promise<string> {
    const id = await initiate(clinic, { sponsor_slug: 'sponsor-sandbox', ...ten });
    const indication = { file_type: 'MEDICAL_INDICATION', content_base64: pdf };
    await clinic.call('POST', `/arc/v1/authorization-requests/${id}/indications`, indication);
    const { body } = await clinic.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
    const [{ authorization_id }] = body.authorizations;
    return opened({ authorization_id, sponsor_slug: 'sponsor-sandbox' });
  }

  test('of the pre-authorization are inherited, evidence comes in three encodings', async () => {
    const id = await withIndication();
    const url = `${outpatient}/${id}/files`;
    const json = await clinic.call('POST', url, {
      file_type: 'INVOICE',
      file_name: 'f.png',
      content_base64: png,
    });
    expect(json.status).toBe(201);
    expect(json.body).toMatchObject({
      file_id: expect.stringMatching(/^file_/),
      file_type: 'INVOICE',
      file_name: 'f.png',
      content_type: 'image/png',
      origin: 'CLAIM',
    });
    const form = new URLSearchParams({ file_type: 'DISCHARGE_NOTE', content_base64: pdf }).toString();
    const urlencoded = await clinic.call('POST', url, form, {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(urlencoded.body).toMatchObject({
      file_name: 'discharge_note.pdf',
      content_type: 'application/pdf',
    });
    const boundary = '----claims';
    const multipart = [
      `--${boundary}\r\ncontent-disposition: form-data; name="file_type"\r\n\r\nINVOICE`,
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="b.pdf"\r\ncontent-type: application/pdf\r\n\r\n${Buffer.from(pdf, 'base64').toString()}`,
      `--${boundary}--`,
    ].join('\r\n');
    const parts = await clinic.call('POST', url, multipart, {
      'content-type': `multipart/form-data; boundary=${boundary}`,
    });
    expect(parts.body).toMatchObject({ file_type: 'INVOICE', file_name: 'b.pdf' });

    const { body: listed } = await clinic.call('GET', `${outpatient}/${id}/authorization-files`);
    expect(listed.content.map((file: Json) => [file.origin, file.file_type])).toEqual([
      ['AUTHORIZATION', 'MEDICAL_INDICATION'],
      ['CLAIM', 'INVOICE'],
      ['CLAIM', 'DISCHARGE_NOTE'],
      ['CLAIM', 'INVOICE'],
    ]);
    expect((await get(clinic, id)).files).toEqual(listed.content);
    for (const { file_id, content_type } of listed.content) {
      const file = await clinic.call('GET', `/arc/v2/authorizations/files/${file_id}`);
      expect([file.status, file.headers['content-type']]).toEqual([200, content_type]);
      expect((await lab.call('GET', `/arc/v2/authorizations/files/${file_id}`)).status).toBe(404);
    }
  });

  test('what is no PDF, JPEG or PNG is refused', async () => {
    const id = await opened();
    const content_base64 = Buffer.from('plain text').toString('base64');
    const reply = await clinic.call('POST', `${outpatient}/${id}/files`, {
      file_type: 'INVOICE',
      content_base64,
    });
    expect(outcome(reply)).toEqual([422, '071-422-file-type']);
    const broken = await clinic.call('POST', `${outpatient}/${id}/files`, {
      file_type: 'INVOICE',
      content_base64: '%',
    });
    expect(pathsOf(broken)).toEqual(['content_base64']);
  });
});

describe('across providers', () => {
  test('who is named may claim, by its own id of the person; the documents stay with the owner', async () => {
    const authorization_id = await authorize({ ...ten, extra: { provider_slugs: [lab.slug] } });
    const { status, body } = await create(lab, { authorization_id, line_items: [item(4)] });
    expect(status).toBe(201);
    expect(body.files).toEqual([]);
    await complete(lab, body.claim_id);
    expect(await authorizationOf(authorization_id)).toMatchObject({
      status: 'PARTIALLY_REDEEMED',
      products: [{ redeemed_quantity: 4 }],
    });
    await cancel(lab, body.claim_id);
    expect((await authorizationOf(authorization_id)).status).toBe('APPROVED');
  });

  test.each([
    ['somebody else is named', { provider_slugs: ['somebody-else'] }],
    ['nobody is named', {}],
  ])('the authorization of another provider is unknown where %s', async (_case, extra) => {
    const authorization_id = await authorize({ ...ten, extra });
    const reply = await create(lab, { authorization_id });
    expect(outcome(reply)).toEqual([422, '071-422-validation']);
    expect(reply.body.errors).toEqual([{ path: 'authorization_id', message: 'is unknown' }]);
  });

  test('a claim is seen by its provider alone, before anything wrong with the body', async () => {
    const id = await opened();
    const replies = [
      await lab.call('GET', `${outpatient}/${id}`),
      await lab.call('GET', `${outpatient}/${id}/authorization-files`),
      await lab.call('PATCH', `${outpatient}/${id}`, {}),
      await lab.call('POST', `${outpatient}/${id}/files`, {}),
      await complete(lab, id, { document_date: 'yesterday' }),
      await cancel(lab, id),
    ];
    for (const reply of replies) expect(outcome(reply)).toEqual([404, '071-404-claim']);
  });

  test('a reset gives back what is held of others, and withdraws what others hold', async () => {
    const counter = await sandbox.provider();
    const reset = () => counter.call('POST', `/_sandbox/v1/providers/${counter.slug}/reset`);
    const authorization_id = await authorize({ ...ten, extra: { provider_slugs: [counter.slug] } });
    const own = await opened({ authorization_id }, counter);
    const shared = await authorize({ ...ten, extra: { provider_slugs: [clinic.slug] } }, counter);
    const theirs = await opened({ authorization_id: shared }, clinic);
    await counter.call('POST', `${outpatient}/${own}/files`, { file_type: 'INVOICE', content_base64: pdf });
    expect((await reset()).status).toBe(200);
    expect(outcome(await counter.call('GET', `${outpatient}/${own}`))).toEqual([404, '071-404-claim']);
    expect((await create(clinic, { authorization_id })).status).toBe(201);
    expect((await get(clinic, theirs)).status).toBe('VOIDED');
    expect(outcome(await complete(clinic, theirs))).toEqual([409, '071-409-claim-closed']);
  });

  test('a completed claim can be voided after the owner of its authorization was reset', async () => {
    const counter = await sandbox.provider();
    const shared = await authorize({ ...ten, extra: { provider_slugs: [clinic.slug] } }, counter);
    const id = await opened({ authorization_id: shared }, clinic);
    await complete(clinic, id);
    await counter.call('POST', `/_sandbox/v1/providers/${counter.slug}/reset`);
    expect((await cancel(clinic, id)).body.status).toBe('VOIDED');
  });
});

describe('races have one winner', () => {
  const twenty = <T>(make: (n: number) => Promise<T>) =>
    Promise.all(Array.from({ length: 20 }, (_, n) => make(n)));

  test('of 20 completes', async () => {
    const authorization_id = await authorize();
    const id = await opened({ authorization_id });
    const replies = await twenty(() => complete(clinic, id));
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, ...Array(19).fill(409)]);
    expect((await authorizationOf(authorization_id)).products[0].redeemed_quantity).toBe(10);
  });

  test('of completes and voids: the quantity is redeemed, or free', async () => {
    for (let round = 0; round < 5; round += 1) {
      const authorization_id = await authorize();
      const id = await opened({ authorization_id });
      const replies = await twenty((n) => (n % 2 === 0 ? complete(clinic, id) : cancel(clinic, id)));
      const won = replies.map((reply, n) => [n % 2 === 0 ? 'complete' : 'void', reply.status]);
      expect(won.filter(([what, status]) => what === 'void' && status === 200)).toHaveLength(1);
      expect(won.filter(([what, status]) => what === 'complete' && status === 200).length).toBeLessThan(2);
      expect(await authorizationOf(authorization_id)).toMatchObject({
        status: 'APPROVED',
        products: [{ redeemed_quantity: 0 }],
      });
      expect((await create(clinic, { authorization_id })).status).toBe(201);
    }
  });

  test('of claims and dispensations on the last quantity', async () => {
    for (let round = 0; round < 5; round += 1) {
      const shared = { ...ten, extra: { provider_slugs: [lab.slug] } };
      const { authorization_id, authorization_code } = await approve(clinic, shared);
      const replies = await twenty((n) => {
        const by = n % 4 < 2 ? clinic : lab;
        return n % 2 === 0 ? create(by, { authorization_id }) : start(by, authorization_code);
      });
      expect(replies.map((reply) => reply.status).sort()).toEqual([201, ...Array(19).fill(409)]);
    }
  });

  test('of voids of a completed claim', async () => {
    const authorization_id = await authorize();
    const id = await opened({ authorization_id });
    await complete(clinic, id);
    const replies = await twenty(() => cancel(clinic, id));
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, ...Array(19).fill(409)]);
    expect((await authorizationOf(authorization_id)).products[0].redeemed_quantity).toBe(0);
  });

  test('of changes that want the same rest', async () => {
    const authorization_id = await authorize();
    const [first, second] = [
      await opened({ authorization_id, line_items: [item(5), item(1)] }),
      await opened({ authorization_id, line_items: [item(1), item(3)] }),
    ];
    const replies = await twenty((n) => patch(clinic, n % 2 === 0 ? first : second, item(3), item(3)));
    for (const reply of replies) expect([200, 409]).toContain(reply.status);
    const held = [await get(clinic, first), await get(clinic, second)].flatMap((claim) => claim.line_items);
    expect(held.reduce((sum, line) => sum + line.quantity, 0)).toBeLessThanOrEqual(10);
  });
});

describe('in a batch', () => {
  async function attach(claim_id: string, status: 'OPEN' | 'SUBMITTED'): Promise<string> {
    const { body } = await clinic.call('POST', '/v3/settlements', { sponsor_slug, period: '2026-01' });
    await clinic.call('POST', `/v3/settlements/${body.settlement_id}/authorizations`, {
      claim_ids: [claim_id],
    });
    if (status === 'SUBMITTED') await clinic.call('POST', `/v3/settlements/${body.settlement_id}/dispatch`);
    return body.settlement_id;
  }

  async function completed(product = 'MED-SBX-001'): Promise<string> {
    const authorization_id = await authorize({ products: [[product, 10]] });
    const id = await opened({ authorization_id, line_items: [item(10, { product_code: product })] });
    await complete(clinic, id);
    return id;
  }

  test('that is open: voiding takes the claim out of it', async () => {
    const id = await completed();
    const settlement_id = await attach(id, 'OPEN');
    expect((await cancel(clinic, id)).body.status).toBe('VOIDED');
    const { body } = await clinic.call('GET', `/v3/settlements/${settlement_id}`);
    expect(body).toMatchObject({ claim_count: 0, lines: [] });
  });

  test('that was dispatched: 409', async () => {
    const id = await completed();
    await attach(id, 'SUBMITTED');
    expect(outcome(await cancel(clinic, id))).toEqual([409, '071-409-claim-in-batch']);
    expect((await get(clinic, id)).status).toBe('COMPLETED');
  });

  test('of voids and a dispatch one wins', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await completed();
      const settlement_id = await attach(id, 'OPEN');
      const [voided, dispatched] = await Promise.all([
        cancel(clinic, id),
        clinic.call('POST', `/v3/settlements/${settlement_id}/dispatch`),
      ]);
      expect([
        [200, 422],
        [409, 200],
      ]).toContainEqual([voided?.status, dispatched?.status]);
    }
  });

  test('paid is final; refused is COMPLETED with last_settlement, and can be voided', async () => {
    const counter = clinic;
    const [paid, refused] = [await completed(), await completed('MED-SBX-906')];
    await attach(paid, 'SUBMITTED');
    const settlement_id = await attach(refused, 'SUBMITTED');
    await counter.advance(31);
    expect(await get(clinic, paid)).toMatchObject({ status: 'PAID', last_settlement: null });
    expect(outcome(await cancel(clinic, paid))).toEqual([409, '071-409-claim-closed']);
    expect(await get(clinic, refused)).toMatchObject({
      status: 'COMPLETED',
      last_settlement: { settlement_id, rejection_reason: expect.any(String) },
    });
    expect((await cancel(clinic, refused)).body.status).toBe('VOIDED');
  });
});

describe('the list', () => {
  test('newest first, of all kinds, by status, sponsor and time', async () => {
    const counter = await sandbox.provider();
    const { authorization_code } = await approve(counter, ten);
    const ids = [(await dispensed(authorization_code, counter)).claim_id as string];
    await counter.advance(3_600);
    ids.push(await opened({}, counter));
    // Two moments: within a millisecond both would be up to the first.
    await counter.advance(60);
    ids.push(await opened({ sponsor_slug: 'sponsor-sandbox' }, counter));
    const list = async (query: string) => {
      const { body } = await counter.call('GET', `/arc/v1/claims?${query}`);
      return body.content.map((claim: Json) => claim.claim_id);
    };
    expect(await list('')).toEqual([ids[2], ids[1], ids[0]]);
    expect(await list('status=COMPLETED')).toEqual([ids[0]]);
    expect(await list('sponsor_slug=sponsor-sandbox')).toEqual([ids[2]]);
    const { created_at } = await get(counter, ids[1] ?? '');
    expect(await list(`from=${created_at}`)).toEqual([ids[2], ids[1]]);
    expect(await list(`to=${created_at}&page=1&size=1`)).toEqual([ids[0]]);
    const { body } = await counter.call('GET', '/arc/v1/claims?size=1');
    expect(body.content[0]).toEqual(await get(counter, ids[2] ?? ''));
    expect(body.page).toMatchObject({ total_elements: 3, total_pages: 3 });
    expect(outcome(await counter.call('GET', '/arc/v1/claims?status=NO&from=today'))).toEqual([
      422,
      '071-422-validation',
    ]);
  });
});
