import type { DecisionRule, SponsorProfile as ProfileFile, SettlementRule } from '@osigu-sandbox/contract';
import { describe, expect, test } from 'vitest';
import { sponsorFile } from '../test-profile.ts';
import { profileIssues } from './check.ts';
import { draftOf } from './draft.ts';

const told = (over: Partial<ProfileFile>, ...wrong: string[]): Record<string, string> =>
  Object.fromEntries(
    profileIssues(
      draftOf(
        { ...sponsorFile, ...over },
        wrong.map((path) => ({ path, message: 'is wrong' })),
      ),
    ).map((issue) => [issue.path, issue.message]),
  );
const decisions = (...whens: DecisionRule['when'][]): Partial<ProfileFile> => ({
  decision_rules: whens.map((when) => ({ ...(when && { when }), decision: 'APPROVE' })),
});
const settlements = (...whens: SettlementRule['when'][]): Partial<ProfileFile> => ({
  settlement: {
    mode: 'BATCH',
    rules: whens.map((when) => ({ ...(when && { when }), decision: 'ACCEPT' })),
  },
});

describe('a rule that no line can fit is refused at the member that says so', () => {
  const when = 'decision_rules[0].when';
  test.each<[NonNullable<DecisionRule['when']>, string, string]>([
    [{ quantity_under: 1 }, 'quantity_under', 'leaves nothing: at least 1 unit is asked for'],
    [{ quantity_over: 100_000 }, 'quantity_over', 'leaves nothing: no more than 100000 units are asked for'],
    [
      { quantity_over: 5, quantity_under: 6 },
      'quantity_under',
      'leaves no whole number between the two bounds',
    ],
    [{ amount_under: 0 }, 'amount_under', 'leaves nothing: no amount is less than 0'],
    [{ amount_over: 1, amount_under: 1.01 }, 'amount_under', 'leaves no amount between the two bounds'],
    [{ amount_under: 0.01 }, 'amount_under', 'leaves nothing: no product comes to such an amount'],
    [
      { quantity_under: 2, amount_over: 1e9 },
      'amount_over',
      'leaves nothing: no product comes to such an amount',
    ],
    [{ product_types: ['IMAGING'] }, 'product_types[0]', 'is not among the product_types of the sponsor'],
    [{ product_codes: ['CONS-GEN'] }, 'product_codes[0]', 'is of none of the product_types of the sponsor'],
    [
      { product_codes: ['MED-SBX-001'], product_types: ['LAB'] },
      'product_codes[0]',
      'is of none of the product_types of the rule',
    ],
    [
      { authorization_types: ['PRESCRIPTON'] },
      'authorization_types[0]',
      'is not among the authorization_types that the configuration admits for it',
    ],
  ])('%j', (condition, member, message) => {
    expect(told(decisions(condition))).toEqual({ [`${when}.${member}`]: message });
  });

  test('where only the members together leave nothing, at the condition', () => {
    const rules = decisions({
      product_types: ['MEDICATION', 'LAB'],
      authorization_types: ['A'],
      amount_over: 1e8,
    });
    const configuration_by_product_type = { LAB: { authorization_types: ['A'] } };
    const dear = told({ ...rules, configuration_by_product_type });
    expect(dear).toEqual({});
    expect(
      told({
        ...decisions({ product_types: ['MEDICATION'], authorization_types: ['A'] }),
        configuration_by_product_type,
      }),
    ).toEqual({
      [`${when}.authorization_types[0]`]: expect.stringContaining('admits for it'),
    });
  });

  test('and not where there is one', () => {
    expect(
      told(
        decisions(
          { quantity_over: 4, quantity_under: 6 },
          { amount_over: 4_600, amount_under: 100_000 },
          { product_codes: ['MED-*'], product_types: ['MEDICATION', 'LAB'] },
          { authorization_types: ['LAB_ORDER'] },
        ),
      ),
    ).toEqual({});
  });
});

describe('a rule that comes after one that fits all that it fits is refused', () => {
  const first = 'comes after decision_rules[0], which fits all that it fits';
  const medication = { product_codes: ['MED-SBX-001'] };

  test.each<[string, DecisionRule['when'], DecisionRule['when']]>([
    ['the same condition', medication, medication],
    ['no condition before', undefined, medication],
    ['an empty condition before', {}, { benefits_exhausted: true }],
    ['every code before', { product_codes: ['*'] }, undefined],
    ['a pattern before', { product_codes: ['MED-*'] }, medication],
    ['every type before', { product_types: ['LAB', 'MEDICATION'] }, undefined],
    ['the type before the code', { product_types: ['MEDICATION'] }, medication],
    ['a wider list', { plan_codes: ['PLAN-ORO', 'PLAN-PLATA'] }, { plan_codes: ['PLAN-PLATA'] }],
    [
      'one member more',
      { service_type_codes: ['EMERGENCY'] },
      { service_type_codes: ['EMERGENCY'], quantity_over: 2 },
    ],
    ['wider bounds', { quantity_over: 10 }, { quantity_over: 20, quantity_under: 30 }],
    ['bounds that are none', { quantity_over: 0, amount_over: 0 }, { amount_under: 1_000_000 }],
    ['wider diagnoses', { diagnosis_codes: ['E1*'] }, { diagnosis_codes: ['e11.9'] }],
    ['every diagnosis', { diagnosis_codes: ['*'] }, undefined],
  ])('%s', (_what, before, after) => {
    expect(told(decisions(before, after))).toEqual({ 'decision_rules[1]': first });
  });

  test('and one whose products have each been taken by a rule before it', () => {
    expect(
      told(decisions({ product_types: ['LAB'] }, { product_types: ['MEDICATION'] }, { quantity_over: 3 })),
    ).toEqual({ 'decision_rules[2]': 'comes after rules that fit all that it fits' });
  });

  test.each<[string, DecisionRule['when'], DecisionRule['when']]>([
    ['narrower bounds', { quantity_over: 20 }, { quantity_over: 10 }],
    ['another diagnosis', { diagnosis_codes: ['E11*'] }, { diagnosis_codes: ['E11.9', 'I10'] }],
    ['some products', { product_codes: ['MED-SBX-001'] }, { product_types: ['MEDICATION'] }],
    ['an amount that not every quantity has', { amount_over: 1_000_000 }, { product_types: ['LAB'] }],
    [
      'a member that may be missing',
      { service_type_codes: ['OUTPATIENT', 'HOSPITALIZATION', 'EMERGENCY'] },
      undefined,
    ],
    [
      'types that may be missing',
      { authorization_types: ['PRESCRIPTION', 'MEDICAL_INDICATION', 'LAB_ORDER', 'PROCEDURE'] },
      undefined,
    ],
  ])('but not after one with %s', (_what, before, after) => {
    expect(told(decisions(before, after))).toEqual({});
  });

  test('a member that every request must have is never missing', () => {
    const configuration = { required_fields: ['service_type_code' as const] };
    const all = {
      service_type_codes: ['OUTPATIENT' as const, 'HOSPITALIZATION' as const, 'EMERGENCY' as const],
    };
    expect(told({ ...decisions(all, undefined), configuration })).toEqual({ 'decision_rules[1]': first });
  });

  test('a rule that lets the sponsor fail hides only others of its kind', () => {
    const fail = { decision: 'FAIL_ONCE' } as const;
    expect(told({ decision_rules: [fail, { decision: 'APPROVE' }] })).toEqual({});
    expect(told({ decision_rules: [fail, fail] })).toEqual({ 'decision_rules[1]': first });
    expect(told({ decision_rules: [{ decision: 'APPROVE' }, fail] })).toEqual({ 'decision_rules[1]': first });
  });

  test('of claims too', () => {
    const [after, refused] = [
      'settlement.rules[1]',
      'comes after settlement.rules[0], which fits all that it fits',
    ];
    expect(told(settlements({ amount_over: 5 }, { amount_over: 5.01 }))).toEqual({ [after]: refused });
    expect(told(settlements({ product_types: ['MEDICATION', 'LAB'] }, { product_codes: ['LAB-*'] }))).toEqual(
      { [after]: refused },
    );
    expect(
      told(settlements({ amount_over: 5.01 }, { amount_over: 5 }, { claim_kinds: ['DISPENSATION'] })),
    ).toEqual({});
    expect(told(settlements({ product_types: ['IMAGING'], amount_under: 0 }))).toEqual({
      'settlement.rules[0].when.product_types[0]': expect.any(String),
      'settlement.rules[0].when.amount_under': expect.any(String),
    });
  });
});

describe('a demand that nobody can satisfy is refused where it is written', () => {
  const required_fields = ['authorization_type' as const];
  const message = 'must not be empty where authorization_type is a required field';

  test('an authorization_type, of none', () => {
    expect(told({ configuration: { required_fields, authorization_types: [] } })).toEqual({
      'configuration.authorization_types': message,
    });
    expect(
      told({
        configuration: { required_fields },
        configuration_by_product_type: { LAB: { authorization_types: [] } },
      }),
    ).toEqual({ 'configuration_by_product_type.LAB.authorization_types': message });
  });

  test('a consultation, of a type that the sponsor does not process', () => {
    expect(told({ consultation_product_codes: ['CONS-GEN'] })).toEqual({
      'consultation_product_codes[0]': 'is of none of the product_types of the sponsor',
    });
  });
});

describe('what the schema has found wrong is left out, and nothing is concluded from it', () => {
  test('a condition of which a part is wrong neither comes too late nor hides another', () => {
    const rules = decisions({ quantity_over: 5 }, { product_codes: ['NONE'] }, undefined, {
      quantity_over: 9,
    });
    expect(told(rules, 'decision_rules[0].when.quantity_over', 'decision_rules[2].whn')).toEqual({
      'decision_rules[1].when.product_codes[0]': 'is no product of the catalogue',
    });
  });

  test('a list of types or demands, whatever it was meant to be', () => {
    const rules = decisions({ product_types: ['IMAGING'], authorization_types: ['MINE'] });
    const over = { ...rules, configuration: { authorization_types: ['MINE', ''] } };
    expect(told(over, 'product_types[1]', 'configuration.authorization_types[1]')).toEqual({});
  });

  test('amounts in a currency that is not known', () => {
    const rules = decisions({ amount_under: 1 }, { amount_over: 5 }, { amount_over: 6 });
    expect(told(rules, 'currency_code')).toEqual({});
  });
});
