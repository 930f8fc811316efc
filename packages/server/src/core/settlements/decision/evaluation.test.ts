import { describe, expect, test } from 'vitest';
import { decisionOf, evaluateClaims, eventOf, refusals } from './evaluation.ts';

const products = new Map([
  ['clm_1', ['MED-SBX-001', 'MED-SBX-002']],
  ['clm_2', ['MED-SBX-001', 'MED-SBX-906']],
]);

describe('the evaluation of the fixture sponsors', () => {
  test('refuses a claim with the magic medication, whatever else it holds', () => {
    expect(evaluateClaims(['clm_1', 'clm_2', 'clm_3'], products)).toEqual([
      { claim_id: 'clm_1', rejection_reason: null },
      { claim_id: 'clm_2', rejection_reason: refusals.notPaid },
      { claim_id: 'clm_3', rejection_reason: null },
    ]);
  });

  test.each([
    [['clm_1'], 'settlement.paid'],
    [['clm_2'], 'settlement.rejected'],
    [['clm_1', 'clm_2'], 'settlement.partially_accepted'],
  ])('%j ends in %s', (claim_ids, event) => {
    expect(eventOf[decisionOf(evaluateClaims(claim_ids, products))]).toBe(event);
  });
});
