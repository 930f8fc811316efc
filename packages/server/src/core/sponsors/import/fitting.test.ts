import type { DecisionRule } from '@osigu-sandbox/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { priceIn, products } from '../../catalogues/catalogue.ts';
import { decidingRule, failsFirstAt, type LineFacts } from '../decision-rules.ts';
import { sponsorFile } from '../test-profile.ts';
import { draftOf } from './draft.ts';
import { decisionRuleIssues } from './rules.ts';

const quantity = fc.integer({ min: 1, max: 6 });
const amount = fc.integer({ min: 0, max: 60 }).map((each) => each * 10_000);
const sold = products.filter((each) => sponsorFile.product_types.includes(each.product_type));

const when: fc.Arbitrary<NonNullable<DecisionRule['when']>> = fc.record(
  {
    product_codes: fc.constantFrom(['MED-SBX-00*'], ['LAB-*', 'MED-SBX-001'], ['*'], ['MED-SBX-001']),
    product_types: fc.constantFrom<('MEDICATION' | 'LAB')[][]>(
      ['MEDICATION'],
      ['LAB'],
      ['MEDICATION', 'LAB'],
    ),
    diagnosis_codes: fc.constantFrom(['E11*'], ['E1*', 'I10'], ['*'], ['I10']),
    plan_codes: fc.constantFrom(['PLAN-ORO'], ['PLAN-ORO', 'PLAN-PLATA']),
    benefits_exhausted: fc.boolean(),
    authorization_types: fc.constantFrom(['PRESCRIPTION'], ['PRESCRIPTION', 'LAB_ORDER']),
    service_type_codes: fc.constantFrom<('EMERGENCY' | 'OUTPATIENT')[][]>(
      ['EMERGENCY'],
      ['EMERGENCY', 'OUTPATIENT'],
    ),
    quantity_over: quantity,
    quantity_under: quantity,
    amount_over: amount,
    amount_under: amount,
  },
  { requiredKeys: [] },
);
// A rule with few members is included in another often, and includes others.
const few = when.chain((all) =>
  fc
    .subarray(Object.entries(all), { maxLength: 2 })
    .map((members) => Object.fromEntries(members) as typeof all),
);
const rule = fc
  .tuple(few, fc.constantFrom('APPROVE' as const, 'APPROVE' as const, 'FAIL_ONCE' as const))
  .map(([condition, decision]): DecisionRule => ({ when: condition, decision }));

const line: fc.Arbitrary<LineFacts> = fc
  .record({
    product: fc.constantFrom(...sold),
    quantity,
    diagnoses: fc.subarray(['E11.9', 'E10.9', 'I10', 'J06.9'], { minLength: 1 }),
    plan_code: fc.constantFrom('PLAN-ORO', 'PLAN-PLATA', 'PLAN-BRONCE'),
    benefits_exhausted: fc.boolean(),
    authorization_type: fc.constantFrom('PRESCRIPTION', 'LAB_ORDER', null),
    service_type_code: fc.constantFrom('EMERGENCY', 'OUTPATIENT', null),
  })
  .map(({ product, ...facts }) => ({
    ...facts,
    product_code: product.product_code,
    product_type: product.product_type,
    amount: priceIn(product, sponsorFile.currency_code) * facts.quantity,
  }));

/** An entry that no product can have leaves the rule its other entries. */
const ofAll = /^decision_rules\[(\d+)\](?:\.when(?:\.(?:quantity|amount)_\w+)?)?$/;
const refusedOf = (rules: readonly DecisionRule[]) => {
  const issues = decisionRuleIssues(draftOf({ ...sponsorFile, decision_rules: rules }, []));
  return new Set(issues.flatMap(({ path }) => rules[Number(ofAll.exec(path)?.[1])] ?? []));
};

test('a rule that is refused for what it fits decides no line and lets the sponsor fail at none', () => {
  const lines = fc.array(line, { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), lines, (rules, all) => {
      const refused = refusedOf(rules);
      const kept = rules.filter((each) => !refused.has(each));
      for (const each of all) {
        expect(decidingRule(kept, each)).toBe(decidingRule(rules, each));
        expect(failsFirstAt(kept, each)).toBe(failsFirstAt(rules, each));
      }
    }),
    { numRuns: 300 },
  );
});

test('a rule that is the only one to decide some line is never refused', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), line, (rules, each) => {
      const found = decidingRule(rules, each);
      if (found !== undefined) expect(refusedOf(rules)).not.toContain(found);
    }),
    { numRuns: 1_000 },
  );
});
