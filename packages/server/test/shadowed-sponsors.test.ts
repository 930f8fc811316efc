import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsAbout, pdf } from './flows.ts';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { affiliate, put, shippedProfile } from './shadows.ts';

/** The two profiles that are shipped, each through a whole flow, as an integrator of that sponsor walks it. */
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

async function providerOf(name: string, country_code: string): Promise<TestProvider> {
  const profile = shippedProfile(name);
  expect((await put(sandbox, profile)).status).toBe(201);
  const provider = await sandbox.provider({ country_code });
  expect((await affiliate(sandbox, provider, profile.sponsor_slug)).status).toBe(200);
  return provider;
}

const requests = '/arc/v1/authorization-requests';

describe('a shadowed Guatemalan sponsor', () => {
  const sponsor_slug = 'aseguradora-ejemplo-gt';
  let provider: TestProvider;
  let beneficiary_id: string;

  beforeAll(async () => {
    provider = await providerOf(sponsor_slug, 'GT');
  });

  const search = (body: Json) => provider.call('POST', `/v1/sponsors/${sponsor_slug}/search`, body);

  test('looks people up by plan and certificate', async () => {
    const { body: forms } = await provider.call('GET', `/v1/sponsors/${sponsor_slug}/forms`);
    expect(forms).toEqual([
      {
        form_id: 'plan_code_and_certificate',
        label: 'Plan y certificado',
        fields: [
          { key: 'plan_code', type: 'string', required: true },
          { key: 'certificate', type: 'string', required: true },
        ],
      },
    ]);
    const found = await search({ plan_code: 'plan-oro', certificate: ' m-1000000001' });
    expect([found.status, found.body.document_number]).toEqual([200, '1000000001']);
    beneficiary_id = found.body.beneficiary_id;
    const wrongPlan = await search({ plan_code: 'PLAN-PLATA', certificate: 'M-1000000001' });
    expect([wrongPlan.status, wrongPlan.body.code]).toEqual([404, '071-404-beneficiary']);
    const illegible = await search({ certificate: '1000000001' });
    expect(illegible.body.errors).toEqual([
      { path: 'plan_code', message: 'is required' },
      { path: 'certificate', message: expect.stringContaining('must fit the pattern') },
    ]);
  });

  test('decides by its rules when its latency is over; then the medication is dispensed and claimed in quetzales', async () => {
    const { body: request } = await provider.call('POST', requests, {
      beneficiary_id,
      sponsor_slug,
      diagnosis_code: 'E11.9',
      products: [
        { product_code: 'MED-SBX-001', product_type: 'MEDICATION', quantity: 90 },
        { product_code: 'LAB-HEMO', product_type: 'LAB', quantity: 1 },
      ],
      authorization_type: 'PRESCRIPTION',
      professional_license_number: 'COL-12345',
    });
    expect(request.missing_indications).toEqual(['MEDICAL_INDICATION', 'LAB_ORDER']);
    const one = `${requests}/${request.authorization_request_id}`;
    for (const file_type of request.missing_indications) {
      await provider.call('POST', `${one}/indications`, { file_type, content_base64: pdf });
    }
    const { body: pending } = await provider.call('POST', `${one}/complete`);
    expect(pending.status).toBe('PENDING_SPONSOR');
    await provider.advance(9);
    expect((await provider.call('GET', one)).body.status).toBe('PENDING_SPONSOR');
    await provider.advance(111);
    const { body: decided } = await provider.call('GET', one);
    expect(decided.status).toBe('COMPLETED');
    const [medication, laboratory] = decided.authorizations;
    expect(medication.products).toMatchObject([{ quantity: 90, authorized_quantity: 60 }]);
    expect(laboratory.products).toMatchObject([{ quantity: 1, authorized_quantity: 1 }]);
    const events = await eventsAbout(sandbox, provider, medication.authorization_id);
    expect(events.map((event) => event.event_type)).toContain('authorization.created');

    const { body: started } = await provider.call('POST', '/dispensing/v1/dispensations', {
      code: medication.authorization_code,
      beneficiary_id,
      products: [{ product_code: 'MED-SBX-001', quantity: 60, unit_price: 10 }],
    });
    const { body: done } = await provider.call(
      'POST',
      `/dispensing/v1/dispensations/${started.dispensation_id}/complete`,
      { document_number: 'F-1', document_date: '2026-01-15' },
    );
    expect(done).toMatchObject({
      status: 'COMPLETED',
      currency_code: 'GTQ',
      total_amount: 600,
      coinsurance_amount: 120,
      copayment_amount: 25,
      amount_covered_by_sponsor: 455,
    });
    const claim = await provider.call('GET', `/arc/v1/outpatient-care-claim/${done.claim_id}`);
    expect(claim.body).toMatchObject({ status: 'COMPLETED', currency_code: 'GTQ' });
  });
});

describe('a shadowed Dominican sponsor', () => {
  const sponsor_slug = 'ars-ejemplo-do';
  const claims = '/arc/v1/outpatient-care-claim';
  let provider: TestProvider;
  let beneficiary_id: string;

  beforeAll(async () => {
    provider = await providerOf(sponsor_slug, 'DO');
  });

  test('looks people up by one number', async () => {
    const { body: forms } = await provider.call('GET', `/v1/sponsors/${sponsor_slug}/forms`);
    expect(forms).toHaveLength(1);
    expect(forms[0].fields).toEqual([{ key: 'affiliate_number', type: 'string', required: true }]);
    const { body } = await provider.call('POST', `/v1/sponsors/${sponsor_slug}/search`, {
      affiliate_number: '1000000001',
    });
    beneficiary_id = body.beneficiary_id;
    expect(body.document_number).toBe('1000000001');
  });

  const claim = (...items: Json[]) =>
    provider.call('POST', claims, {
      beneficiary_id,
      sponsor_slug,
      diagnosis_code: 'E11.9',
      line_items: items,
    });
  const consultation = {
    product_code: 'CONS-GEN',
    product_type: 'PROCEDURE',
    quantity: 1,
    unit_price: 2_000,
  };
  const medicine = { product_code: 'MED-SBX-001', product_type: 'MEDICATION', quantity: 1, unit_price: 500 };

  test('wants a consultation in a claim without authorization, then and when it is changed', async () => {
    const message = 'must have a consultation where there is no authorization: CONS-GEN';
    const refused = await claim(medicine);
    expect([refused.status, refused.body.errors]).toEqual([422, [{ path: 'line_items', message }]]);
    const { body } = await claim(consultation, medicine);
    expect(body).toMatchObject({
      currency_code: 'DOP',
      amount: 2_500,
      coinsurance_amount: 200 + 150,
      copayment_amount: 300,
    });
    const changed = await provider.call('PATCH', `${claims}/${body.claim_id}`, { line_items: [medicine] });
    expect([changed.status, changed.body.errors]).toEqual([422, [{ path: 'line_items', message }]]);
  });

  /** From the request to the claim. */
  async function dispensed(product_code: string, quantity: number, unit_price: number): Promise<Json> {
    const { body: request } = await provider.call('POST', requests, {
      beneficiary_id,
      sponsor_slug,
      diagnosis_code: 'E11.9',
      products: [{ product_code, product_type: 'MEDICATION', quantity }],
    });
    const { body: decided } = await provider.call(
      'POST',
      `${requests}/${request.authorization_request_id}/complete`,
    );
    const [{ authorization_code, products }] = decided.authorizations;
    const { body: started } = await provider.call('POST', '/dispensing/v1/dispensations', {
      code: authorization_code,
      beneficiary_id,
      products: [{ product_code, quantity: products[0].authorized_quantity, unit_price }],
    });
    const { body } = await provider.call(
      'POST',
      `/dispensing/v1/dispensations/${started.dispensation_id}/complete`,
      { document_number: 'B0100000001', document_date: '2026-01-15' },
    );
    return body;
  }

  test('decides at once by its rules, and settles what was delivered in a batch, by its rules too', async () => {
    const ordinary = await dispensed('MED-SBX-001', 45, 100);
    expect(ordinary).toMatchObject({
      total_amount: 3_000,
      coinsurance_amount: 900,
      copayment_amount: 100,
      amount_covered_by_sponsor: 2_000,
    });
    const dear = await dispensed('MED-SBX-001', 30, 501);
    const excluded = await dispensed('MED-SBX-906', 1, 100);
    const { body: direct } = await claim({ ...consultation, unit_price: 16_000 });
    await provider.call('POST', `${claims}/${direct.claim_id}/complete`, { document_number: 'B0100000002' });

    const { body: settlement } = await provider.call('POST', '/v3/settlements', {
      sponsor_slug,
      period: '2026-01',
    });
    const one = `/v3/settlements/${settlement.settlement_id}`;
    const claim_ids = [ordinary.claim_id, dear.claim_id, excluded.claim_id, direct.claim_id];
    await provider.call('POST', `${one}/authorizations`, { claim_ids });
    expect((await provider.call('POST', `${one}/dispatch`)).body.status).toBe('SUBMITTED');
    await provider.advance(55);
    expect((await provider.call('GET', one)).body.status).toBe('SUBMITTED');
    await provider.advance(6);
    const { body: resolved } = await provider.call('GET', one);
    expect(resolved.status).toBe('PARTIALLY_ACCEPTED');
    const reasons = new Map(
      resolved.lines.map((line: Json) => [line.claim_id, line.rejection_reason ?? 'paid']),
    );
    expect(claim_ids.map((id) => reasons.get(id))).toEqual([
      'paid',
      'El monto requiere auditoría médica.',
      'Medicamento fuera del catálogo de la ARS.',
      'paid',
    ]);
    const { body: paid } = await provider.call('GET', `${claims}/${ordinary.claim_id}`);
    expect(paid.status).toBe('PAID');
  });
});
