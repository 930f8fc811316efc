import type { SettlementRule } from '@osigu-sandbox/contract';
import { describe, expect, test } from 'vitest';
import { fixtureSponsors } from '../../../fixtures/sponsors.ts';
import type { ClaimFacts } from '../../sponsors/decision-rules.ts';
import { profileOf } from '../../sponsors/profile.ts';
import { decisionOf, evaluateClaims, eventOf, refusals } from './evaluation.ts';

const claim = (claim_id: string, ...codes: string[]): ClaimFacts & { claim_id: string } => ({
  claim_id,
  kind: 'DISPENSATION',
  amount: 100_000,
  products: codes.map((product_code) => ({ product_code, product_type: 'MEDICATION' })),
});
const ordinary = claim('clm_1', 'MED-SBX-001', 'MED-SBX-002');
const magic = claim('clm_2', 'MED-SBX-001', 'MED-SBX-906');

const reasonsBy = (rules: readonly SettlementRule[], ...claims: Parameters<typeof evaluateClaims>[1]) =>
  evaluateClaims(rules, claims).map((verdict) => verdict.rejection_reason);

describe('the evaluation of the fixture sponsor that settles in batches', () => {
  const file = fixtureSponsors.find(({ settlement }) => settlement?.mode === 'BATCH');
  const rules = file === undefined ? [] : profileOf(file).settlement.rules;

  test('refuses a claim with the magic medication, whatever else it holds', () => {
    const reason = 'La aseguradora no reconoce este producto en la liquidación.';
    expect(reasonsBy(rules, ordinary, magic)).toEqual([null, reason]);
  });

  test.each([
    [[ordinary], 'settlement.paid'],
    [[magic], 'settlement.rejected'],
    [[ordinary, magic], 'settlement.partially_accepted'],
  ])('%j ends in %s', (claims, event) => {
    expect(eventOf[decisionOf(evaluateClaims(rules, claims))]).toBe(event);
  });
});

describe('settlement rules', () => {
  test('the first that fits decides, an exception before the rule', () => {
    const rules: SettlementRule[] = [
      { when: { claim_kinds: ['OUTPATIENT_CARE'] }, decision: 'ACCEPT' },
      { when: { amount_over: 500 }, decision: 'REJECT' },
    ];
    expect(reasonsBy(rules, ordinary, { ...ordinary, kind: 'OUTPATIENT_CARE' })).toEqual([
      refusals.byRule,
      null,
    ]);
  });

  test('product members fit one line together, not one each', () => {
    const mixed: ClaimFacts & { claim_id: string } = {
      ...ordinary,
      products: [
        { product_code: 'MED-SBX-001', product_type: 'MEDICATION' },
        { product_code: 'LAB-HEMO', product_type: 'LAB' },
      ],
    };
    const when = { product_codes: ['MED-SBX-*'], product_types: ['LAB' as const] };
    expect(reasonsBy([{ when, decision: 'REJECT' }], mixed)).toEqual([null]);
    expect(reasonsBy([{ when: { product_types: ['LAB'] }, decision: 'REJECT' }], mixed)).toEqual([
      refusals.byRule,
    ]);
  });

  test('no rule: paid', () => expect(reasonsBy([], ordinary)).toEqual([null]));
});
