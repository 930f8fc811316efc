import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initiate, pdf, png, requestBody } from './flows.ts';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let provider: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  provider = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const complete = (id: string, body?: unknown) =>
  provider.call('POST', `/arc/v1/authorization-requests/${id}/complete`, body);
const attach = (id: string, body: unknown = { file_type: 'MEDICAL_INDICATION', content_base64: pdf }) =>
  provider.call('POST', `/arc/v1/authorization-requests/${id}/indications`, body);
const one = async (products: [string, number][], sponsor_slug = 'sponsor-sandbox-do', person?: string) => {
  const id = await initiate(provider, { sponsor_slug, products, ...(person && { person }) });
  return (await complete(id)).body;
};

describe('initiating', () => {
  test('leaves a PENDING_INDICATION request, a Location, and nothing else', async () => {
    const answer = await provider.call('POST', '/arc/v1/authorization-requests', requestBody(provider));
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      status: 'PENDING_INDICATION',
      missing_indications: ['MEDICAL_INDICATION'],
      authorizations: [],
      completed_at: null,
    });
    const read = await provider.call('GET', answer.headers.location ?? '');
    expect(read.body).toEqual(answer.body);
  });

  test('everything wrong is listed in one answer', async () => {
    const answer = await provider.call('POST', '/arc/v1/authorization-requests', {
      ...requestBody(provider),
      beneficiary_id: 'bnf_unknown',
      sponsor_slug: 'nobody',
      diagnosis_code: 'Q99.X',
      products: [{ product_code: 'MED-SBX-902', product_type: 'MEDICATION', quantity: 1 }],
    });
    expect([answer.status, answer.body.code]).toEqual([422, '071-422-validation']);
    expect(answer.body.errors.map((issue: Json) => issue.path)).toEqual([
      'beneficiary_id',
      'sponsor_slug',
      'diagnosis_code',
      'products[0].product_code',
    ]);
  });

  test('unregistered products are 071-104, one entry for each', async () => {
    const answer = await provider.call('POST', '/arc/v1/authorization-requests', {
      ...requestBody(provider),
      products: ['MED-SBX-902', 'NOT-A-PRODUCT', 'MED-SBX-001'].map((product_code) => ({
        product_code,
        product_type: 'MEDICATION',
        quantity: 1,
      })),
    });
    expect([answer.status, answer.body.error_code]).toEqual([422, '071-104']);
    expect(answer.body.errors.map((issue: Json) => issue.path)).toEqual([
      'products[0].product_code',
      'products[1].product_code',
    ]);
  });

  test('902 is an ordinary product once it is registered', async () => {
    const own = await sandbox.provider();
    const first = await own.call('POST', '/arc/v1/providers/products', { product_code: 'MED-SBX-902' });
    const second = await own.call('POST', '/arc/v1/providers/products', { product_code: 'MED-SBX-902' });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toEqual(first.body);
    const answer = await own.call(
      'POST',
      '/arc/v1/authorization-requests',
      requestBody(own, { products: [['MED-SBX-902', 1]] }),
    );
    expect(answer.status).toBe(201);
  });

  test.each(['1000000005', '1000000006'])('inactive coverage of %s is 422', async (person) => {
    const body = requestBody(provider, { person });
    const answer = await provider.call('POST', '/arc/v1/authorization-requests', body);
    expect([answer.status, answer.body.code]).toEqual([422, '071-422-coverage-inactive']);
  });

  test("another provider's beneficiary in the body is 422 naming its path", async () => {
    const other = await sandbox.provider();
    const body = { ...requestBody(provider), beneficiary_id: other.beneficiary() };
    const answer = await provider.call('POST', '/arc/v1/authorization-requests', body);
    expect(answer.body.errors).toEqual([{ path: 'beneficiary_id', message: 'is unknown' }]);
  });

  test('the words of the field, explicit nulls and unknown members are accepted', async () => {
    const answer = await provider.call('POST', '/arc/v1/authorization-requests', {
      ...requestBody(provider),
      beneficiary_email: null,
      nobody_knows: 1,
      products: [
        { product_code: 'IMG-SBX-001', product_type: 'diagnostic-test', quantity: 1, posology: null },
      ],
    });
    expect(answer.status).toBe(201);
    expect(answer.body.products[0].product_type).toBe('IMAGING');
  });
});

describe('indications', () => {
  test.each(['json', 'form', 'multipart'])(
    'can be attached as %s and are read back byte for byte',
    async (encoding) => {
      const id = await initiate(provider);
      const url = `/arc/v1/authorization-requests/${id}/indications`;
      const bytes = Buffer.from(pdf, 'base64');
      const answer =
        encoding === 'json'
          ? await attach(id)
          : encoding === 'form'
            ? await provider.call(
                'POST',
                url,
                new URLSearchParams({
                  file_type: 'MEDICAL_INDICATION',
                  file_name: 'a.pdf',
                  content_base64: pdf,
                }).toString(),
                { 'content-type': 'application/x-www-form-urlencoded' },
              )
            : await provider.call('POST', url, multipart(bytes), {
                'content-type': 'multipart/form-data; boundary=xyz',
              });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ content_type: 'application/pdf', size: bytes.length });
      const file = await provider.call('GET', `/arc/v2/authorizations/files/${answer.body.file_id}`);
      expect(Buffer.from(file.text, 'utf8').equals(bytes)).toBe(true);
      expect(file.headers).toMatchObject({
        'content-type': 'application/pdf',
        'x-content-type-options': 'nosniff',
      });
    },
  );

  test('the type is that of the content, whatever the name says', async () => {
    const id = await initiate(provider);
    const text = Buffer.from('just text').toString('base64');
    const lie = { file_type: 'MEDICAL_INDICATION', file_name: 'a.pdf', content_type: 'application/pdf' };
    const refused = await attach(id, { ...lie, content_base64: text });
    expect([refused.status, refused.body.code]).toEqual([422, '071-422-file-type']);
    const accepted = await attach(id, { ...lie, content_base64: png });
    expect(accepted.body.content_type).toBe('image/png');
  });

  test('a file over 10 MB is 413, in JSON and in multipart', async () => {
    const id = await initiate(provider);
    const large = Buffer.concat([Buffer.from(pdf, 'base64'), Buffer.alloc(10 * 1024 * 1024)]);
    const json = await attach(id, {
      file_type: 'MEDICAL_INDICATION',
      content_base64: large.toString('base64'),
    });
    expect([json.status, json.body.code]).toEqual([413, '071-413']);
    const form = await provider.call(
      'POST',
      `/arc/v1/authorization-requests/${id}/indications`,
      multipart(large),
      {
        'content-type': 'multipart/form-data; boundary=xyz',
      },
    );
    expect([form.status, form.body.code]).toEqual([413, '071-413']);
  });

  test('after completion they are 409', async () => {
    const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-do' });
    await complete(id);
    expect((await attach(id)).body.code).toBe('071-409-indications-closed');
  });

  test('broken multipart is 400', async () => {
    const id = await initiate(provider);
    const url = `/arc/v1/authorization-requests/${id}/indications`;
    const answer = await provider.call('POST', url, '--xyz\r\nnonsense', {
      'content-type': 'multipart/form-data; boundary=xyz',
    });
    expect([answer.status, answer.body.code]).toEqual([400, '071-400-malformed']);
  });
});

describe('completing with a synchronous sponsor', () => {
  test('a missing indication answers 200 PENDING_INDICATION, and works after attaching', async () => {
    const id = await initiate(provider);
    const early = await complete(id);
    expect(early.status).toBe(200);
    expect(early.body).toMatchObject({
      status: 'PENDING_INDICATION',
      missing_indications: ['MEDICAL_INDICATION'],
      authorizations: [],
    });
    await attach(id);
    const { body } = await complete(id);
    expect(body.status).toBe('COMPLETED');
    expect(body.authorizations[0]).toMatchObject({ status: 'APPROVED' });
    expect(body.authorizations[0].authorization_code).toMatch(/^AUTH-\d{4}-\d{6}$/);
  });

  test('the products are split into one authorization for each type', async () => {
    const body = await one([
      ['MED-SBX-001', 2],
      ['LAB-HEMO', 1],
      ['MED-SBX-002', 3],
    ]);
    expect(body.authorizations.map((each: Json) => [each.product_type, each.products.length])).toEqual([
      ['MEDICATION', 2],
      ['LAB', 1],
    ]);
  });

  test.each([
    ['MED-SBX-901', 'REJECTED', 'NOT_COVERED', 0],
    ['MED-SBX-904', 'REJECTED', 'MEDICAL_CRITERIA', 0],
    ['MED-SBX-903', 'APPROVED', undefined, 5],
    ['MED-SBX-906', 'APPROVED', undefined, 10],
  ])('%s is %s (%s) with quantity %s', async (code, status, rejection_code, authorized_quantity) => {
    const { authorizations } = await one([[code, 10]]);
    expect(authorizations[0]).toMatchObject({ status, products: [{ authorized_quantity }] });
    expect(authorizations[0].rejection_code).toBe(rejection_code);
    if (status === 'REJECTED') {
      expect(authorizations[0].rejection_reason).toBeTruthy();
      expect(authorizations[0].authorization_code).toBeNull();
    }
  });

  test('of a type that is refused in part, the refused line has quantity 0', async () => {
    const { authorizations } = await one([
      ['MED-SBX-001', 2],
      ['MED-SBX-901', 2],
    ]);
    expect(authorizations[0].status).toBe('APPROVED');
    expect(authorizations[0].products.map((each: Json) => each.authorized_quantity)).toEqual([2, 0]);
  });

  test('for the person without benefits everything is COVERAGE_EXHAUSTED', async () => {
    const { authorizations } = await one([['MED-SBX-001', 1]], 'sponsor-sandbox-do', '1000000010');
    expect(authorizations[0].rejection_code).toBe('COVERAGE_EXHAUSTED');
  });

  test('with 905 the sponsor fails once with 503, then decides', async () => {
    const id = await initiate(provider, {
      sponsor_slug: 'sponsor-sandbox-do',
      products: [['MED-SBX-905', 1]],
    });
    const failed = await complete(id);
    expect([failed.status, failed.body.code, failed.headers['retry-after']]).toEqual([503, '071-503', '1']);
    expect((await complete(id)).body.status).toBe('COMPLETED');
  });

  test('the flaky sponsor fails every second evaluation', async () => {
    const own = await sandbox.provider();
    const statuses: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-flaky' });
      const url = `/arc/v1/authorization-requests/${id}/complete`;
      let answer = await own.call('POST', url);
      statuses.push(answer.status);
      if (answer.status === 503) {
        answer = await own.call('POST', url);
        statuses.push(answer.status);
      }
    }
    expect(statuses).toEqual([200, 503, 200, 503, 200]);
  });

  test('a second complete is 409, and of twenty parallel ones one wins', async () => {
    const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-do' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => complete(id)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.body.code === '071-409-already-completed')).toHaveLength(19);
    const { body } = await provider.call('GET', `/arc/v1/authorization-requests/${id}`);
    expect(body.authorizations).toHaveLength(1);
  });
});

describe('completing with an asynchronous sponsor', () => {
  const decided = async (id: string) =>
    (await provider.call('GET', `/arc/v1/authorization-requests/${id}`)).body;

  test('PENDING_SPONSOR now, the decision after 30 seconds of the clock and not before', async () => {
    const own = await sandbox.provider();
    const id = await initiate(own, {
      sponsor_slug: 'sponsor-sandbox-async',
      products: [
        ['MED-SBX-001', 2],
        ['LAB-HEMO', 1],
      ],
    });
    const url = `/arc/v1/authorization-requests/${id}`;
    const { body } = await own.call('POST', `${url}/complete`);
    expect(body).toMatchObject({ status: 'PENDING_SPONSOR' });
    expect(body.authorizations.map((each: Json) => [each.status, each.authorization_code])).toEqual([
      ['PENDING_SPONSOR', null],
      ['PENDING_SPONSOR', null],
    ]);
    expect((await own.advance(28)).fired).toBe(0);
    expect((await own.call('GET', url)).body.status).toBe('PENDING_SPONSOR');
    expect((await own.advance(2)).fired).toBe(1);
    const after = (await own.call('GET', url)).body;
    expect(after.status).toBe('COMPLETED');
    expect(after.authorizations.map((each: Json) => each.status)).toEqual(['APPROVED', 'APPROVED']);
    const events = (await own.call('GET', '/webhooks/v1/events')).body.content;
    expect(events.map((event: Json) => event.event_type)).toEqual([
      'authorization.created',
      'authorization.created',
    ]);
  });

  test('904 is authorization.rejected with its reason', async () => {
    const own = await sandbox.provider();
    const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-async', products: [['MED-SBX-904', 1]] });
    await own.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
    await own.advance(30);
    const [event] = (await own.call('GET', '/webhooks/v1/events')).body.content;
    expect(event.event_type).toBe('authorization.rejected');
    expect(event.data).toMatchObject({
      rejection_code: 'MEDICAL_CRITERIA',
      sponsor_slug: 'sponsor-sandbox-async',
    });
  });

  test('a decision that comes after a cancellation is discarded', async () => {
    const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-async' });
    await complete(id);
    const cancelled = await provider.call('POST', `/arc/v1/authorization-requests/${id}/cancel`);
    expect(cancelled.body.status).toBe('CANCELLED');
    await provider.advance(31);
    expect(await decided(id)).toMatchObject({ status: 'CANCELLED', authorizations: [{ status: 'VOIDED' }] });
    expect((await provider.call('POST', `/arc/v1/authorization-requests/${id}/cancel`)).body.code).toBe(
      '071-409-not-cancellable',
    );
  });

  test('the manual sponsor waits for a hand, and a second decision is 409', async () => {
    const id = await initiate(provider, {
      sponsor_slug: 'sponsor-sandbox-manual',
      products: [['MED-SBX-001', 9]],
    });
    await complete(id);
    await provider.advance(7 * 86_400);
    expect((await decided(id)).status).toBe('PENDING_SPONSOR');
    const url = `/_sandbox/v1/authorization-requests/${id}/decide`;
    const lines = [{ product_code: 'MED-SBX-001', decision: 'APPROVED', authorized_quantity: 4 }];
    const decision = await provider.call('POST', url, { decision: 'APPROVED', lines });
    expect(decision.body.authorizations[0].products[0].authorized_quantity).toBe(4);
    expect((await sandbox.operator('POST', url, { decision: 'REJECTED' })).body.code).toBe(
      '071-409-already-decided',
    );
  });

  test("another provider's request cannot be decided: the same 404 as an unknown one", async () => {
    const other = await sandbox.provider();
    const id = await initiate(other, { sponsor_slug: 'sponsor-sandbox-manual' });
    const answer = await provider.call('POST', `/_sandbox/v1/authorization-requests/${id}/decide`, {
      decision: 'APPROVED',
    });
    expect([answer.status, answer.body.code]).toEqual([404, '071-404-authorization-request']);
  });
});

describe('authorizations', () => {
  test('can be found by code, and belong to one provider only', async () => {
    const { authorizations } = await one([['MED-SBX-001', 1]]);
    const { authorization_id, authorization_code } = authorizations[0];
    const list = await provider.call('GET', `/arc/v1/authorizations?code=${authorization_code}`);
    expect(list.body.content.map((each: Json) => each.authorization_id)).toEqual([authorization_id]);
    const other = await sandbox.provider();
    expect((await other.call('GET', `/arc/v1/authorizations/${authorization_id}`)).status).toBe(404);
    expect(
      (await other.call('GET', `/arc/v1/authorizations?code=${authorization_code}`)).body.content,
    ).toEqual([]);
  });

  test('void works once, and the event says who', async () => {
    const own = await sandbox.provider();
    const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-do' });
    const { body } = await own.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
    const url = `/arc/v1/authorizations/${body.authorizations[0].authorization_id}/void`;
    expect((await own.call('POST', url, { reason: 'Mistake' })).body.status).toBe('VOIDED');
    expect((await own.call('POST', url)).body.code).toBe('071-409-not-voidable');
    const [event] = (await own.call('GET', '/webhooks/v1/events')).body.content;
    expect(event.data).toMatchObject({ voided_by: 'PROVIDER', reason: 'Mistake' });
  });

  test('expire by themselves after 30 days, reported as voided by EXPIRY', async () => {
    const own = await sandbox.provider();
    const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-do' });
    const { body } = await own.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
    await own.advance(30 * 86_400 + 1);
    const url = `/arc/v1/authorizations/${body.authorizations[0].authorization_id}`;
    expect((await own.call('GET', url)).body.status).toBe('EXPIRED');
    const [event] = (await own.call('GET', '/webhooks/v1/events')).body.content;
    expect([event.event_type, event.data.voided_by]).toEqual(['authorization.voided', 'EXPIRY']);
  });

  test('a change of the sponsor names field, from and to; a longer validity moves the expiry', async () => {
    const own = await sandbox.provider();
    const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-do' });
    const { body } = await own.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
    const { authorization_id, expires_at } = body.authorizations[0];
    const later = new Date(Date.parse(expires_at) + 86_400_000).toISOString();
    const url = `/_sandbox/v1/authorizations/${authorization_id}/update`;
    const answer = await own.call('POST', url, { payment_type: 'REIMBURSEMENT', expires_at: later });
    expect(answer.body).toMatchObject({ payment_type: 'REIMBURSEMENT', expires_at: later });
    const [event] = (await own.call('GET', '/webhooks/v1/events')).body.content;
    expect(event.data.changes).toEqual([
      { field: 'payment_type', from: 'DIRECT_PAYMENT', to: 'REIMBURSEMENT' },
      { field: 'expires_at', from: expires_at, to: later },
    ]);
    await own.advance(30 * 86_400 + 60);
    expect((await own.call('GET', `/arc/v1/authorizations/${authorization_id}`)).body.status).toBe(
      'APPROVED',
    );
  });
});

function multipart(bytes: Buffer): Buffer {
  const head = [
    '--xyz',
    'Content-Disposition: form-data; name="file_type"',
    '',
    'MEDICAL_INDICATION',
    '--xyz',
    'Content-Disposition: form-data; name="file"; filename="indicación.pdf"',
    'Content-Type: application/octet-stream',
    '',
    '',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--xyz--\r\n')]);
}
