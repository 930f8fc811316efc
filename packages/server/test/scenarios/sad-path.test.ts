import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { approve, dispense, initiate, pdf } from '../flows.ts';
import { basic, startSandbox, type TestProvider, type TestSandbox } from '../harness.ts';
import { runExampleReceiver } from './example-receiver.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  clinic = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const search = (document_number: string) =>
  clinic.call('POST', '/v1/sponsors/sponsor-sandbox/search', { document_type: 'CC', document_number });

test('Beneficiary not found (404)', async () => {
  const { status, body } = await search('9999999999');
  expect([status, body.code, body.message]).toEqual([404, '071-404-beneficiary', 'No beneficiary matches.']);
});

test('Beneficiary with inactive coverage (200, coverage.active = false)', async () => {
  const { status, body } = await search('1000000005');
  expect([status, body.coverage.active]).toEqual([200, false]);
});

test('Pre-authorization request with missing indication (PENDING_INDICATION after complete)', async () => {
  const request = `/arc/v1/authorization-requests/${await initiate(clinic)}`;
  const early = await clinic.call('POST', `${request}/complete`);
  expect(early).toMatchObject({
    status: 200,
    body: { status: 'PENDING_INDICATION', missing_indications: ['MEDICAL_INDICATION'], authorizations: [] },
  });

  // Not lost: what is missing is attached, and the same request completed.
  const file = { file_type: 'MEDICAL_INDICATION', content_base64: pdf };
  await clinic.call('POST', `${request}/indications`, file);
  const complete = await clinic.call('POST', `${request}/complete`);
  expect(complete.body).toMatchObject({ status: 'COMPLETED', authorizations: [{ status: 'APPROVED' }] });
});

test('Rejected authorization (surface rejection_reason)', async () => {
  const id = await initiate(clinic, { sponsor_slug: 'sponsor-sandbox-do', products: [['MED-SBX-901', 10]] });
  const { status, body } = await clinic.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
  expect([status, body.status]).toEqual([200, 'COMPLETED']);
  const [authorization] = body.authorizations;
  expect(authorization).toMatchObject({
    status: 'REJECTED',
    authorization_code: null,
    rejection_code: 'NOT_COVERED',
    // A sentence for the person at the counter.
    rejection_reason: expect.stringMatching(/^\S+ .+\.$/),
  });
  const read = await clinic.call('GET', `/arc/v1/authorizations/${authorization.authorization_id}`);
  expect(read.body.rejection_reason).toBe(authorization.rejection_reason);
});

test('Duplicate dispensation attempt on the same code (409)', async () => {
  const { authorization_code: code } = await approve(clinic);
  expect((await dispense(clinic, { code })).status).toBe('COMPLETED');
  const again = { code, beneficiary_id: clinic.beneficiary() };
  const { status, body } = await clinic.call('POST', '/dispensing/v1/dispensations', again);
  expect([status, body.code]).toEqual([409, '071-409-already-dispensed']);
});

test('Rate-limited token endpoint (429)', async () => {
  const careless = await sandbox.provider({ limits: 'standard' });
  const acquire = () =>
    sandbox.call('POST', '/v1/oauth/token?grant_type=client_credentials', {
      headers: basic(careless.client_id, careless.client_secret),
    });
  // The first of the ten that a minute admits was taken when the provider was made.
  for (let call = 2; call <= 10; call += 1) expect((await acquire()).status).toBe(200);
  const { status, body, headers } = await acquire();
  expect([status, body.error]).toEqual([429, 'rate_limited']);
  expect(Number(headers['retry-after'])).toSatisfy((seconds) => seconds > 0 && seconds <= 60);

  // The token at hand is as good as before.
  expect((await careless.call('GET', '/v1/sponsors')).status).toBe(200);
});

test('Webhook delivered with tampered signature — your receiver should return 401', async () => {
  const receiver = await runExampleReceiver(clinic, ['authorization.voided']);
  onTestFinished(() => receiver.stop());
  await voidAnAuthorization(clinic);
  const [genuine] = receiver.delivered;
  if (genuine === undefined) throw new Error('Nothing was delivered');
  expect(genuine.status).toBe(204);

  const { headers, body } = genuine;
  const signature = headers['x-osigu-signature'] ?? '';
  const signed = (as: string) => ({ ...headers, 'x-osigu-signature': as });
  expect(await receiver.send({ headers, body: body.replace('PROVIDER', 'PROVIDEr') })).toBe(401);
  expect(await receiver.send({ headers: signed(withLastDigitChanged(signature)), body })).toBe(401);
  expect(await receiver.send({ headers: signed(signature.replace(/t=\d/, 't=9')), body })).toBe(401);
  expect(await receiver.send({ headers: signed(''), body })).toBe(401);
  // It was the tampering: the genuine one is still taken.
  expect(await receiver.send(genuine)).toBe(204);
});

test('Webhook delivered twice — your receiver dedupes on event_id', async () => {
  const pharmacy = await sandbox.provider();
  const receiver = await runExampleReceiver(pharmacy, ['authorization.voided', 'dispensing.completed']);
  onTestFinished(() => receiver.stop());
  await voidAnAuthorization(pharmacy);
  const { body } = await pharmacy.call('GET', '/webhooks/v1/deliveries');
  await pharmacy.call('POST', `/webhooks/v1/deliveries/${body.content[0].delivery_id}/redeliver`);
  await pharmacy.advance(1);

  // Both arrived and were acknowledged, and were the same event.
  const [first, second] = receiver.delivered;
  expect([first?.status, second?.status]).toEqual([204, 204]);
  expect(second?.body).toBe(first?.body);

  // It acted once: the next thing that it tells of is the next event.
  await dispense(pharmacy);
  await pharmacy.advance(1);
  await expect.poll(() => receiver.printed).toContain('dispensing.completed');
  expect(receiver.printed).toEqual(['authorization.voided', 'dispensing.completed']);
});

/** Something that a webhook tells of. */
async function voidAnAuthorization(by: TestProvider): Promise<void> {
  const { authorization_id } = await approve(by);
  await by.call('POST', `/arc/v1/authorizations/${authorization_id}/void`);
  await by.advance(1);
}

function withLastDigitChanged(signature: string): string {
  return signature.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
}
