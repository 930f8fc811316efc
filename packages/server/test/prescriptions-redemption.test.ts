import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsAbout, prescribe } from './flows.ts';
import { type Json, type Reply, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;
let pharmacy: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  clinic = await sandbox.provider();
  pharmacy = await sandbox.provider({ country_code: 'DO' });
});
afterAll(() => sandbox.stop());

const url = '/dispensing/v1/dispensations';
const receipt = { document_number: 'FV-10021', document_date: '2026-01-15' };
const outcome = (reply: Reply) => [reply.status, reply.body.code];
const start = (by: TestProvider, code: string, over: Record<string, unknown> = {}) =>
  by.call('POST', url, { code, ...over });
const complete = (by: TestProvider, id: string, over: Record<string, unknown> = {}) =>
  by.call('POST', `${url}/${id}/complete`, { ...receipt, ...over });
const started = async (by: TestProvider, code: string, over: Record<string, unknown> = {}): Promise<string> =>
  (await start(by, code, over)).body.dispensation_id;
const some = (quantity: number, product_code = 'MED-SBX-001') => ({ products: [{ product_code, quantity }] });
const read = async ({ prescription_id }: Json, by = clinic): Promise<Json> =>
  (await by.call('GET', `/ehr/v1/prescriptions/${prescription_id}`)).body;
const voidIt = ({ prescription_id }: Json) =>
  clinic.call('POST', `/ehr/v1/prescriptions/${prescription_id}/void`);

const eventsOf = (resource_id: string, by = clinic) => eventsAbout(sandbox, by, resource_id);

describe('a prescription code', () => {
  test('is redeemed by a pharmacy of another provider, and the patient pays in its money', async () => {
    const prescription = await prescribe(clinic);
    const { prescription_id, prescription_code: code } = prescription;
    const begun = await start(pharmacy, code);
    expect(begun.status).toBe(201);
    expect(begun.body).toMatchObject({
      status: 'STARTED',
      code,
      code_type: 'PRESCRIPTION',
      authorization_id: null,
      prescription_id,
      beneficiary_id: null,
      sponsor_slug: null,
      products: [{ product_code: 'MED-SBX-001', quantity: 10, unit_price: 219.7, taxes: 0 }],
      currency_code: 'DOP',
      verification_required: null,
      total_amount: 2197,
      copayment_amount: null,
      coinsurance_amount: null,
      amount_covered_by_sponsor: 0,
      amount_paid_by_patient: 2197,
      claim_id: null,
    });
    const id = begun.body.dispensation_id;
    const done = await complete(pharmacy, id, { amount: 2197 });
    expect(done.status).toBe(200);
    expect(done.body).toMatchObject({ status: 'COMPLETED', claim_id: null, amount_paid_by_patient: 2197 });
    expect(await read(prescription)).toMatchObject({
      status: 'DISPENSED',
      medications: [{ quantity: 10, dispensed_quantity: 10 }],
    });

    expect(await eventsOf(id, pharmacy)).toEqual([]);
    const pharmacyOf = { provider_slug: pharmacy.slug, branch_id: pharmacy.sheet.provider_branch_id };
    const common = {
      dispensation_id: id,
      code,
      code_type: 'PRESCRIPTION',
      beneficiary_id: null,
      sponsor_slug: null,
    };
    expect((await eventsOf(id)).map(({ event_type, data }) => [event_type, data])).toEqual([
      [
        'dispensing.started',
        {
          ...common,
          pharmacy: pharmacyOf,
          products: [{ product_code: 'MED-SBX-001', quantity: 10 }],
          started_at: begun.body.started_at,
        },
      ],
      [
        'dispensing.completed',
        {
          ...common,
          authorization_id: null,
          prescription_id,
          pharmacy: pharmacyOf,
          products: [{ product_code: 'MED-SBX-001', quantity: 10, unit_price: 219.7 }],
          total_amount: 2197,
          currency_code: 'DOP',
          claim_id: null,
          completed_at: done.body.completed_at,
        },
      ],
    ]);
    const claims = await sandbox.sandbox.units.store.db.selectFrom('claims').selectAll().execute();
    expect(claims).toEqual([]);
  });

  test('needs no beneficiary; one that is named has to exist and does not matter', async () => {
    const { prescription_code } = await prescribe(clinic);
    const unknown = await start(pharmacy, prescription_code, { beneficiary_id: clinic.beneficiary() });
    expect([...outcome(unknown), unknown.body.errors]).toEqual([
      422,
      '071-422-validation',
      [{ path: 'beneficiary_id', message: 'is unknown' }],
    ]);
    const named = await start(pharmacy, prescription_code, { beneficiary_id: pharmacy.beneficiary() });
    expect([named.status, named.body.beneficiary_id]).toEqual([201, null]);
  });

  test('is dispensed in parts, of one line and then another', async () => {
    const prescription = await prescribe(clinic, {
      medications: [
        { product_code: 'MED-SBX-001', quantity: 10, posology: '1' },
        { product_code: 'MED-SBX-002', quantity: 2, posology: '1' },
      ],
    });
    const code = prescription.prescription_code;
    const part = await started(pharmacy, code, some(4));
    const rest = await started(clinic, code);
    expect((await complete(pharmacy, part)).status).toBe(200);
    expect(await read(prescription)).toMatchObject({ status: 'PARTIALLY_DISPENSED' });
    const { body } = await clinic.call('GET', `${url}/${rest}`);
    expect(body.products).toMatchObject([
      { product_code: 'MED-SBX-001', quantity: 6 },
      { product_code: 'MED-SBX-002', quantity: 2 },
    ]);
    expect((await complete(clinic, rest)).status).toBe(200);
    expect((await read(prescription)).medications.map((line: Json) => line.dispensed_quantity)).toEqual([
      10, 2,
    ]);
    for (const over of [{}, some(1)])
      expect(outcome(await start(pharmacy, code, over))).toEqual([409, '071-409-already-dispensed']);
  });

  test('takes a change of the lines, whole or not at all', async () => {
    const prescription = await prescribe(clinic);
    const id = await started(pharmacy, prescription.prescription_code);
    const change = (quantity: number) => pharmacy.call('PUT', `${url}/${id}`, some(quantity));
    expect(outcome(await change(11))).toEqual([422, '071-422-validation']);
    expect((await change(3)).body).toMatchObject({ total_amount: 659.1, amount_paid_by_patient: 659.1 });
    await complete(pharmacy, id);
    expect(await read(prescription)).toMatchObject({ medications: [{ dispensed_quantity: 3 }] });
  });

  test('is free again after a void or the timeout', async () => {
    const { prescription_code: code } = await prescribe(clinic);
    const first = await started(pharmacy, code);
    expect(outcome(await start(pharmacy, code))).toEqual([409, '071-409-dispensation-in-progress']);
    expect((await pharmacy.call('POST', `${url}/${first}/void`, { reason: 'Left' })).body.status).toBe(
      'CANCELLED',
    );
    const second = await started(pharmacy, code);
    await pharmacy.advance(1_801);
    expect((await eventsOf(second)).map(({ data }) => data.cancelled_by)).toEqual([undefined, 'TIMEOUT']);
    expect((await start(pharmacy, code)).status).toBe(201);
  });

  test('is refused when unknown, voided, expired', async () => {
    expect(outcome(await start(pharmacy, 'RX-2026-0000'))).toEqual([404, '071-404-code']);
    const voided = await prescribe(clinic);
    await voidIt(voided);
    expect(outcome(await start(pharmacy, voided.prescription_code))).toEqual([409, '071-409-code-voided']);

    const issuer = await sandbox.provider();
    const expired = await prescribe(issuer);
    const held = await prescribe(issuer);
    const slow = await started(issuer, held.prescription_code);
    await issuer.advance(30 * 86_400 + 1);
    expect(outcome(await start(pharmacy, expired.prescription_code))).toEqual([409, '071-409-code-expired']);
    // It was the pharmacy's own clock that ran on as well: the dispensation is cancelled by then.
    expect(outcome(await complete(issuer, slow))).toEqual([409, '071-409-dispensation-closed']);
  });

  test('that expires while it is held can still be completed', async () => {
    const issuer = await sandbox.provider();
    const prescription = await prescribe(issuer);
    const id = await started(pharmacy, prescription.prescription_code);
    await issuer.advance(30 * 86_400 + 1);
    expect((await read(prescription, issuer)).status).toBe('EXPIRED');
    expect((await complete(pharmacy, id)).status).toBe(200);
    expect(await read(prescription, issuer)).toMatchObject({
      status: 'EXPIRED',
      medications: [{ dispensed_quantity: 10 }],
    });
  });

  test('cannot be voided while any of it is held or dispensed', async () => {
    const prescription = await prescribe(clinic);
    const id = await started(pharmacy, prescription.prescription_code, some(1));
    expect(outcome(await voidIt(prescription))).toEqual([409, '071-409-prescription-not-voidable']);
    await complete(pharmacy, id);
    expect(outcome(await voidIt(prescription))).toEqual([409, '071-409-prescription-not-voidable']);
    const another = await prescribe(clinic);
    await pharmacy.call('POST', `${url}/${await started(pharmacy, another.prescription_code)}/void`);
    expect((await voidIt(another)).status).toBe(200);
  });

  test('may have a medication substituted', async () => {
    const { prescription_code } = await prescribe(clinic);
    const line = { product_code: 'MED-SBX-001', quantity: 10, substitute_product_code: 'MED-SBX-002' };
    expect((await start(pharmacy, prescription_code, { products: [line] })).status).toBe(422);
    const reason = { substitution_reason_enum: 'OUT_OF_STOCK', substitute_quantity: 5 };
    const reply = await start(pharmacy, prescription_code, { products: [{ ...line, ...reason }] });
    expect(reply.body.products).toMatchObject([{ ...line, ...reason }]);
  });

  test('has one winner among 50 starts, of several pharmacies', async () => {
    const prescription = await prescribe(clinic);
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        start(index % 2 === 0 ? pharmacy : clinic, prescription.prescription_code),
      ),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    const losers = replies.filter(({ status }) => status !== 201).map(outcome);
    expect(losers).toEqual(Array(49).fill([409, '071-409-dispensation-in-progress']));
  });

  test('is voided or dispensed, never both', async () => {
    for (let round = 0; round < 5; round += 1) {
      const prescription = await prescribe(clinic);
      const [begun, voided] = await Promise.all([
        start(pharmacy, prescription.prescription_code),
        voidIt(prescription),
      ]);
      expect([begun.status, voided.status].sort()).toEqual(begun.status === 201 ? [201, 409] : [200, 409]);
    }
  });
});

describe('a reset', () => {
  test('of the pharmacy gives back what it held', async () => {
    const chain = await sandbox.provider();
    const prescription = await prescribe(clinic);
    const id = await started(chain, prescription.prescription_code);
    await sandbox.operator('POST', `/_sandbox/v1/providers/${chain.slug}/reset`);
    expect((await eventsOf(id)).at(-1).event_type).toBe('dispensing.cancelled');
    expect((await start(pharmacy, prescription.prescription_code)).status).toBe(201);
  });

  test('of the issuer takes its codes away', async () => {
    const issuer = await sandbox.provider();
    const { prescription_code } = await prescribe(issuer);
    const id = await started(pharmacy, prescription_code);
    await sandbox.operator('POST', `/_sandbox/v1/providers/${issuer.slug}/reset`);
    expect((await pharmacy.call('GET', `${url}/${id}`)).body.status).toBe('CANCELLED');
    expect(outcome(await complete(pharmacy, id))).toEqual([409, '071-409-dispensation-closed']);
    expect(outcome(await start(pharmacy, prescription_code))).toEqual([404, '071-404-code']);
  });
});
