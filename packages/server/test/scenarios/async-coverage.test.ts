import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { initiate } from '../flows.ts';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from '../harness.ts';
import { receive } from '../receiver.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(async () => {
  clinic = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const sponsor_slug = 'sponsor-sandbox-async';
const approved = 'MED-SBX-001';
const rejected = 'MED-SBX-904';

/** Answers what complete answers. */
async function ask(product_code: string): Promise<Json> {
  const id = await initiate(clinic, { sponsor_slug, products: [[product_code, 10]] });
  return (await clinic.call('POST', `/arc/v1/authorization-requests/${id}/complete`)).body;
}

const read = async (id: string) => (await clinic.call('GET', `/arc/v1/authorization-requests/${id}`)).body;

test('Use the mock async sponsor', async () => {
  const sponsors = (await clinic.call('GET', '/v1/sponsors')).body.content;
  expect(sponsors).toContainEqual(expect.objectContaining({ sponsor_slug, evaluation: 'ASYNC' }));

  const { status, authorization_request_id } = await ask(approved);
  expect(status).toBe('PENDING_SPONSOR');
  await clinic.advance(29);
  expect((await read(authorization_request_id)).status).toBe('PENDING_SPONSOR');
  await clinic.advance(1);
  expect((await read(authorization_request_id)).status).toBe('COMPLETED');
});

test('Confirm your webhook receiver picks up authorization.created and authorization.rejected within ~1 minute of the complete call', async () => {
  const receiver = await receive(clinic, ['authorization.created', 'authorization.rejected']);
  onTestFinished(() => receiver.close());
  const good = await ask(approved);
  const bad = await ask(rejected);
  expect(receiver.received).toEqual([]);
  await clinic.advance(60);
  expect(receiver.received).toMatchObject([
    {
      event_type: 'authorization.created',
      data: {
        authorization_request_id: good.authorization_request_id,
        authorization_code: expect.stringMatching(/^AUTH-/),
      },
    },
    {
      event_type: 'authorization.rejected',
      data: {
        authorization_request_id: bad.authorization_request_id,
        rejection_code: 'MEDICAL_CRITERIA',
        rejection_reason: expect.any(String),
      },
    },
  ]);
});

test("Confirm you don't lock in a decision from the synchronous response when the sponsor says PENDING_SPONSOR", async () => {
  // The same answer for what will be approved and for what will not, and nothing in it to redeem.
  const answers = [await ask(approved), await ask(rejected)];
  for (const { status, authorizations } of answers) {
    expect(status).toBe('PENDING_SPONSOR');
    expect(authorizations).toMatchObject([{ status: 'PENDING_SPONSOR', authorization_code: null }]);
    expect(authorizations[0]).not.toHaveProperty('rejection_reason');
  }

  await clinic.advance(30);
  const decided = await Promise.all(answers.map((answer) => read(answer.authorization_request_id)));
  expect(decided).toMatchObject([
    { status: 'COMPLETED', authorizations: [{ status: 'APPROVED', authorization_code: expect.any(String) }] },
    { status: 'COMPLETED', authorizations: [{ status: 'REJECTED', authorization_code: null }] },
  ]);
});
