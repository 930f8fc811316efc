import { eventEnvelopes, eventTypes } from '@osigu-sandbox/contract';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { approve, dispense, initiate, prescribe } from './flows.ts';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;
let emitted: Map<string, Json>;
let document: Json;

beforeAll(async () => {
  sandbox = await startSandbox();
  clinic = await sandbox.provider();
  await causeEveryEvent();
  const { body } = await clinic.call('GET', '/webhooks/v1/events?size=100');
  emitted = new Map(body.content.map((event: Json) => [event.event_type, event]));
  document = (await sandbox.call('GET', '/openapi.json')).body;
});
afterAll(() => sandbox.stop());

async function causeEveryEvent(): Promise<void> {
  for (const code of ['MED-SBX-001', 'MED-SBX-904']) {
    const id = await initiate(clinic, { sponsor_slug: 'sponsor-sandbox-async', products: [[code, 1]] });
    await clinic.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
  }
  await clinic.advance(30);
  const { authorization_id } = await approve(clinic);
  const change = { payment_type: 'REIMBURSEMENT' };
  await clinic.call('POST', `/_sandbox/v1/authorizations/${authorization_id}/update`, change);
  await clinic.call('POST', `/arc/v1/authorizations/${authorization_id}/void`);
  const { authorization_code } = await approve(clinic);
  const started = await clinic.call('POST', '/dispensing/v1/dispensations', {
    code: authorization_code,
    beneficiary_id: clinic.beneficiary(),
  });
  await clinic.call('POST', `/dispensing/v1/dispensations/${started.body.dispensation_id}/void`);
  for (const email of ['ana@correo.example', 'ana@bounce.example']) {
    await prescribe(clinic, { delivery: { channel: 'EMAIL', email } });
  }
  for (const products of [['MED-SBX-001'], ['MED-SBX-906'], ['MED-SBX-001', 'MED-SBX-906']]) {
    await settle(products);
  }
}

async function settle(products: readonly string[]): Promise<void> {
  const claim_ids: string[] = [];
  for (const code of products) claim_ids.push((await dispense(clinic, { products: [[code, 1]] })).claim_id);
  const batch = await clinic.call('POST', '/v3/settlements', {
    sponsor_slug: 'sponsor-sandbox-do',
    period: '2026-01',
  });
  const url = `/v3/settlements/${batch.body.settlement_id}`;
  await clinic.call('POST', `${url}/authorizations`, { claim_ids });
  await clinic.call('POST', `${url}/dispatch`);
  await clinic.advance(30);
}

test.each(eventTypes)(
  '%s is emitted with exactly the payload that its published schema says',
  (event_type) => {
    const event = emitted.get(event_type);
    expect(event, 'was not emitted').toBeDefined();
    const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));
    const validate = ajv.compile(closed(eventEnvelopes[event_type]));
    expect(validate(event), JSON.stringify(validate.errors)).toBe(true);
  },
);

test.each(eventTypes)('%s stands in the OpenAPI document with its payload', (event_type) => {
  const { schema } = document.webhooks[event_type].post.requestBody.content['application/json'];
  expect(schema.properties.event_type.const).toBe(event_type);
  expect(schema.required).toHaveLength(7);
  expect(Object.keys(schema.properties.data.properties).length).toBeGreaterThan(3);
});

/** Members that no schema knows would be a payload that nobody published. */
function closed(schema: Json): Json {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return copy.type === 'object' && copy.properties ? { ...copy, additionalProperties: false } : copy;
}
