import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRows } from '../src/core/providers/world/store.ts';
import { approve, directClaim, dispense, initiate, pdf, prescribe } from './flows.ts';
import { startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

type Step = (own: TestProvider) => Promise<unknown>;

const steps: Readonly<Record<string, Step>> = {
  approve: (own) => approve(own),
  dispense: (own) => dispense(own),
  dispenseHalf: (own) => dispense(own, { lines: [{ product_code: 'MED-SBX-001', quantity: 5 }] }),
  hold: async (own) => {
    const { authorization_code: code } = await approve(own);
    await own.call('POST', '/dispensing/v1/dispensations', { code, beneficiary_id: own.beneficiary() });
  },
  attach: async (own) => {
    const url = `/arc/v1/authorization-requests/${await initiate(own)}`;
    await own.call('POST', `${url}/indications`, { file_type: 'MEDICAL_INDICATION', content_base64: pdf });
    await own.call('POST', `${url}/complete`);
  },
  wait: async (own) => {
    const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-async' });
    await own.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
  },
  claim: (own) => directClaim(own),
  prescribe: (own) => prescribe(own),
  otp: (own) =>
    own.call('POST', '/v1/otp/send', {
      beneficiary_id: own.beneficiary(),
      sponsor_slug: 'sponsor-sandbox-otp',
      channel: 'SMS',
    }),
  settle: async (own) => {
    const claim_id = await directClaim(own);
    const { body } = await own.call('POST', '/v3/settlements', {
      sponsor_slug: 'sponsor-sandbox-do',
      period: '2026-01',
    });
    await own.call('POST', `/v3/settlements/${body.settlement_id}/authorizations`, { claim_ids: [claim_id] });
    await own.call('POST', `/v3/settlements/${body.settlement_id}/dispatch`);
  },
  subscribe: (own) =>
    own.call('POST', '/webhooks/v1/subscriptions', { url: 'http://127.0.0.1:9/events', event_types: ['*'] }),
  register: (own) => own.call('POST', '/arc/v1/providers/products', { product_code: 'MED-SBX-902' }),
  aMinute: (own) => own.advance(60),
  aMonth: (own) => own.advance(31 * 86_400),
};

const someSteps = (maxLength: number) => fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength });

async function walk(own: TestProvider, names: readonly string[]): Promise<void> {
  for (const name of names) await steps[name]?.(own);
}

test('whatever came before a snapshot is there again after a restore, and nothing of what came after', async () => {
  const { db } = sandbox.sandbox.units.store;
  const property = fc.asyncProperty(
    someSteps(6),
    someSteps(5),
    fc.boolean(),
    async (before, after, reset) => {
      const own = await sandbox.provider();
      const control = `/_sandbox/v1/providers/${own.slug}`;
      await walk(own, before);
      const world = await readRows(db, own.provider_id);
      const taken = await own.call('POST', `${control}/snapshots`, { name: 'base' });
      expect(taken.status).toBe(201);
      expect(await readRows(db, own.provider_id)).toEqual(world);
      for (let round = 0; round < 2; round += 1) {
        await walk(own, after);
        if (reset) await own.call('POST', `${control}/reset`);
        expect((await own.call('POST', `${control}/restore`, { name: 'base' })).status).toBe(200);
        expect(await readRows(db, own.provider_id)).toEqual(world);
        const { body } = await own.call('GET', `${control}/clock`);
        expect(Date.parse(body.now) - Date.parse(taken.body.clock)).toBeLessThan(5_000);
      }
    },
  );
  const everything = Object.keys(steps);
  const examples: [string[], string[], boolean][] = [
    [everything, ['aMonth', 'approve'], false],
    [[], everything, true],
  ];
  await fc.assert(property, { seed: 20_260_117, numRuns: 14, examples });
}, 120_000);
