import { afterAll, beforeAll, expect, test } from 'vitest';
import { pdf } from '../flows.ts';
import { startSandbox, type TestProvider, type TestSandbox } from '../harness.ts';
import { type Receiver, receive } from '../receiver.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;
let receiver: Receiver;

beforeAll(async () => {
  sandbox = await startSandbox();
  clinic = await sandbox.provider({ country_code: 'DO' });
  receiver = await receive(clinic, ['settlement.*']);
});
afterAll(async () => {
  await receiver.close();
  await sandbox.stop();
});

test('Outpatient claim → complete → settlement batch dispatch', async () => {
  // The sponsor settles in batches.
  const sponsor_slug = 'sponsor-sandbox-do';
  const configuration = await clinic.call(
    'GET',
    `/arc/v1/sponsors/${sponsor_slug}/configuration?product_type=PROCEDURE`,
  );
  expect(configuration.body).toMatchObject({ settlement: 'BATCH', cost_sharing: { currency_code: 'DOP' } });

  // A consultation is claimed, with the discharge note as evidence.
  const found = await clinic.call('POST', `/v1/sponsors/${sponsor_slug}/search`, {
    document_type: 'CC',
    document_number: '1000000001',
  });
  expect(found.body.coverage.active).toBe(true);
  const { beneficiary_id } = found.body;
  const created = await clinic.call('POST', '/arc/v1/outpatient-care-claim', {
    beneficiary_id,
    sponsor_slug,
    diagnosis_code: 'E11.9',
    line_items: [{ product_code: 'CONS-GEN', product_type: 'PROCEDURE', quantity: 1, unit_price: 1500 }],
  });
  expect(created).toMatchObject({ status: 201, body: { status: 'OPEN' } });
  const { claim_id } = created.body;
  const claim = `/arc/v1/outpatient-care-claim/${claim_id}`;
  const note = { file_type: 'DISCHARGE_NOTE', file_name: 'nota.pdf', content_base64: pdf };
  expect((await clinic.call('POST', `${claim}/files`, note)).status).toBe(201);

  // Completed, it is worth what the sponsor owes: 1500 less 20 % coinsurance less 100 copayment.
  const completed = await clinic.call('POST', `${claim}/complete`, {
    document_number: 'FV-10021',
    document_date: '2026-01-15',
  });
  expect(completed).toMatchObject({
    status: 200,
    body: { status: 'COMPLETED', amount: 1500, amount_covered_by_sponsor: 1100 },
  });

  // The batch of the month: the claim is pending, is attached, and an invoice goes with it.
  const opened = await clinic.call('POST', '/v3/settlements', { sponsor_slug, period: '2026-01' });
  expect(opened).toMatchObject({ status: 201, body: { status: 'OPEN' } });
  const settlement = `/v3/settlements/${opened.body.settlement_id}`;
  const pending = await clinic.call('GET', `${settlement}/pending-authorizations`);
  expect(pending.body.content).toMatchObject([{ claim_id, total_amount: 1100, currency_code: 'DOP' }]);
  const attached = await clinic.call('POST', `${settlement}/authorizations`, { claim_ids: [claim_id] });
  expect(attached.body).toEqual({ attached: 1, total_amount: 1100 });
  const invoice = { document_type: 'INVOICE', file_name: 'factura.pdf', content_base64: pdf };
  expect((await clinic.call('POST', `${settlement}/documents`, invoice)).status).toBe(201);

  const dispatched = await clinic.call('POST', `${settlement}/dispatch`);
  expect(dispatched).toMatchObject({ status: 200, body: { status: 'SUBMITTED', total_amount: 1100 } });

  // 30 seconds later the sponsor has accepted and paid, and tells so by webhook.
  await clinic.advance(30);
  expect(receiver.received).toMatchObject([
    {
      event_type: 'settlement.paid',
      data: {
        settlement_id: opened.body.settlement_id,
        status: 'ACCEPTED',
        total_amount: 1100,
        accepted_amount: 1100,
        currency_code: 'DOP',
        claims: [{ claim_id, authorization_id: null, status: 'PAID' }],
      },
    },
  ]);
  expect((await clinic.call('GET', settlement)).body).toMatchObject({
    status: 'ACCEPTED',
    accepted_amount: 1100,
    paid_at: expect.any(String),
    lines: [{ claim_id, status: 'PAID' }],
  });
  expect((await clinic.call('GET', claim)).body.status).toBe('PAID');
});
