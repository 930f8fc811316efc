import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let provider: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  provider = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const search = (body: unknown, sponsor = 'sponsor-sandbox') =>
  provider.call('POST', `/v1/sponsors/${sponsor}/search`, body);

describe('sponsors', () => {
  test('all seven fixture sponsors are listed', async () => {
    const { body } = await provider.call('GET', '/v1/sponsors');
    expect(body.content.map((sponsor: { sponsor_slug: string }) => sponsor.sponsor_slug)).toEqual([
      'sponsor-sandbox',
      'sponsor-sandbox-async',
      'sponsor-sandbox-biometric',
      'sponsor-sandbox-do',
      'sponsor-sandbox-flaky',
      'sponsor-sandbox-manual',
      'sponsor-sandbox-otp',
    ]);
    expect(body.page).toEqual({ size: 15, total_elements: 7, total_pages: 1, number: 0 });
  });

  test('forms are a bare array with national-id and member-id', async () => {
    const { body } = await provider.call('GET', '/v1/sponsors/demo-insurer/forms');
    expect(body.map((form: { form_id: string }) => form.form_id)).toEqual(['national-id', 'member-id']);
  });

  test('the configuration tells what the sponsor demands, also by the words of the field', async () => {
    const url = '/arc/v1/sponsors/sponsor-sandbox/configuration?product_type=';
    const { body } = await provider.call('GET', `${url}MEDICATION`);
    expect(body).toMatchObject({ supported: true, evaluation: 'SYNC', settlement: 'TRANSACTION' });
    expect(body.indications[0]).toMatchObject({ file_type: 'MEDICAL_INDICATION', required: true });
    expect((await provider.call('GET', `${url}diagnostic-test`)).body.product_type).toBe('IMAGING');
  });

  test('an unknown sponsor is 404, also where the query is wrong too', async () => {
    const answer = await provider.call('GET', '/arc/v1/sponsors/nobody/configuration?product_type=WRONG');
    expect([answer.status, answer.body.code]).toEqual([404, '071-404-sponsor']);
  });
});

describe('beneficiary search', () => {
  test('case, accents and blanks do not count, and both forms find the same person', async () => {
    const byDocument = await search({ document_type: ' cc ', document_number: ' 1000000001' });
    const byMember = await search({ member_id: 'm-1000000001 ' });
    expect(byDocument.status).toBe(200);
    expect(byDocument.body.beneficiary_id).toBe(provider.beneficiary());
    expect(byMember.body).toEqual(byDocument.body);
  });

  test('nobody found is 404', async () => {
    const answer = await search({ document_type: 'CC', document_number: '9999999999' });
    expect([answer.status, answer.body.code]).toEqual([404, '071-404-beneficiary']);
  });

  test.each([
    ['CC', '1000000005'],
    ['CE', '1000000006'],
  ])(
    'inactive coverage of %s %s is 200 with coverage.active false',
    async (document_type, document_number) => {
      const answer = await search({ document_type, document_number });
      expect([answer.status, answer.body.coverage.active]).toEqual([200, false]);
    },
  );

  test('a holder shows dependants, and they can be read on their own', async () => {
    const { body } = await search({ document_type: 'CC', document_number: '1000000002' });
    expect(body.dependants).toHaveLength(2);
    const url = `/v1/sponsors/sponsor-sandbox/beneficiaries/${body.beneficiary_id}/dependents`;
    expect((await provider.call('GET', url)).body.content).toEqual(body.dependants);
  });

  test('values that fit no form are 422 and every field is named', async () => {
    const answer = await search({ document_type: 'XX', form_id: 'national-id' });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((issue: { path: string }) => issue.path)).toEqual([
      'document_type',
      'document_number',
    ]);
  });

  test("another provider's beneficiary id is as unknown as any", async () => {
    const other = await sandbox.provider();
    const url = (id: string) => `/v1/sponsors/sponsor-sandbox/beneficiaries/${id}/dependents`;
    const foreign = await provider.call('GET', url(other.beneficiary()));
    const unknown = await provider.call('GET', url('bnf_01JG0000000000000000000000'));
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' });
  });
});
