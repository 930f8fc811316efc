import type { DecisionRule } from '@osigu-sandbox/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { authorizedQuantity, decidingRule, failsFirstAt, type LineFacts } from './decision-rules.ts';

const quantity = fc.integer({ min: 1, max: 100_000 });
const facts: fc.Arbitrary<LineFacts> = fc.record({
  product_code: fc.constantFrom('MED-SBX-001', 'MED-SBX-002', 'LAB-HEMO'),
  product_type: fc.constantFrom('MEDICATION', 'LAB'),
  quantity,
  amount: fc.integer({ min: 0, max: 1e9 }),
  diagnoses: fc.array(fc.constantFrom('E11.9', 'E10.9', 'I10'), { minLength: 1 }),
  plan_code: fc.constantFrom('PLAN-ORO', 'PLAN-PLATA'),
  benefits_exhausted: fc.boolean(),
  authorization_type: fc.constantFrom('PRESCRIPTION', null),
  service_type_code: fc.constantFrom('EMERGENCY', null),
});
const when: fc.Arbitrary<NonNullable<DecisionRule['when']>> = fc.record(
  {
    product_codes: fc.constantFrom(['MED-SBX-001'], ['MED-*'], ['LAB-HEMO', 'MED-SBX-002']),
    product_types: fc.constantFrom(['MEDICATION' as const], ['LAB' as const, 'IMAGING' as const]),
    diagnosis_codes: fc.constantFrom(['E11*'], ['I10', 'E10.9']),
    plan_codes: fc.constantFrom(['PLAN-ORO'], ['PLAN-PLATA']),
    benefits_exhausted: fc.boolean(),
    authorization_types: fc.constant(['PRESCRIPTION']),
    service_type_codes: fc.constant(['EMERGENCY' as const]),
    quantity_over: quantity,
    quantity_under: quantity,
    amount_over: fc.integer({ min: 0, max: 1e7 }),
    amount_under: fc.integer({ min: 0, max: 1e7 }),
  },
  { requiredKeys: [] },
);
const outcome = fc.oneof(
  fc.constant({ decision: 'APPROVE' as const }),
  fc.record({
    decision: fc.constant('APPROVE_SHARE' as const),
    percent: fc.integer({ min: 1, max: 100 }),
  }),
  fc.record({ decision: fc.constant('APPROVE_AT_MOST' as const), quantity }),
  fc.constant({ decision: 'REJECT' as const, rejection_code: 'NOT_COVERED' as const }),
  fc.constant({ decision: 'FAIL_ONCE' as const }),
);
const rule = fc.tuple(when, outcome).map(([condition, rest]): DecisionRule => ({ when: condition, ...rest }));
const rules = fc.array(rule, { maxLength: 8 });

const alone = (one: DecisionRule, line: LineFacts) =>
  one.decision === 'FAIL_ONCE' ? failsFirstAt([one], line) : decidingRule([one], line) !== undefined;

describe('decision rules', () => {
  test('the first that fits decides, and no rule before it fits by itself', () => {
    fc.assert(
      fc.property(rules, facts, (all, line) => {
        const found = decidingRule(all, line);
        const deciding = all.filter((each) => each.decision !== 'FAIL_ONCE');
        expect(found).toBe(deciding.find((each) => alone(each, line)));
      }),
    );
  });

  test('the sponsor fails first exactly where the first rule that fits says so', () => {
    fc.assert(
      fc.property(rules, facts, (all, line) => {
        expect(failsFirstAt(all, line)).toBe(all.find((each) => alone(each, line))?.decision === 'FAIL_ONCE');
      }),
    );
  });

  test('what is authorized is whole, and between nothing and what is asked for', () => {
    fc.assert(
      fc.property(rules, facts, (all, line) => {
        const found = decidingRule(all, line);
        const authorized = authorizedQuantity(found, line.quantity);
        expect(Number.isInteger(authorized)).toBe(true);
        expect(authorized).toBeGreaterThanOrEqual(found?.decision === 'REJECT' ? 0 : 1);
        expect(authorized).toBeLessThanOrEqual(found?.decision === 'REJECT' ? 0 : line.quantity);
      }),
    );
  });

  test('the same rules and line always give the same decision, and neither is changed', () => {
    fc.assert(
      fc.property(rules, facts, (all, line) => {
        const before = JSON.stringify([all, line]);
        const first = decidingRule(all, line);
        expect(decidingRule(structuredClone(all), structuredClone(line))).toEqual(first);
        expect(JSON.stringify([all, line])).toBe(before);
      }),
    );
  });

  test('one member more never makes a rule fit that did not', () => {
    fc.assert(
      fc.property(when, when, facts, (some, more, line) => {
        const wide: DecisionRule = { when: some, decision: 'APPROVE' };
        const narrow: DecisionRule = { when: { ...more, ...some }, decision: 'APPROVE' };
        if (alone(narrow, line)) expect(alone(wide, line)).toBe(true);
      }),
    );
  });
});

const line: LineFacts = {
  product_code: 'MED-SBX-001',
  product_type: 'MEDICATION',
  quantity: 30,
  amount: 50_000_00,
  diagnoses: ['I10', 'E11.9'],
  plan_code: 'PLAN-ORO',
  benefits_exhausted: false,
  authorization_type: null,
  service_type_code: null,
};

describe('a condition', () => {
  test.each<[NonNullable<DecisionRule['when']>, boolean]>([
    [{}, true],
    [{ product_codes: ['med-sbx-001'] }, true],
    [{ product_codes: ['MED-SBX-00'] }, false],
    [{ product_codes: ['MED-SBX-00*'] }, true],
    [{ diagnosis_codes: ['E11*'] }, true],
    [{ diagnosis_codes: ['E10*', 'J45*'] }, false],
    [{ plan_codes: ['PLAN-PLATA'] }, false],
    [{ benefits_exhausted: false }, true],
    [{ benefits_exhausted: true }, false],
    [{ authorization_types: ['PRESCRIPTION'] }, false],
    [{ quantity_over: 29, quantity_under: 31 }, true],
    [{ quantity_over: 30 }, false],
    [{ quantity_under: 30 }, false],
    [{ amount_over: 49_999.99, amount_under: 50_000.01 }, true],
    [{ amount_over: 50_000 }, false],
    [{ product_types: ['MEDICATION'], plan_codes: ['PLAN-PLATA'] }, false],
  ])('%j fits the line: %s', (condition, expected) => {
    expect(alone({ when: condition, decision: 'APPROVE' }, line)).toBe(expected);
  });
});
