import type { DecisionRule, SettlementRule } from '@osigu-sandbox/contract';
import { diagnoses } from '../../../fixtures/catalogue/diagnoses.ts';
import { people } from '../../../fixtures/people.ts';
import type { Issue } from '../../../platform/errors.ts';
import { products } from '../../catalogues/catalogue.ts';
import { matchesCode } from '../decision-rules.ts';

const planCodes = [...new Set(people.map((person) => person.plan_code))];

export function decisionRuleIssues(rules: readonly DecisionRule[]): Issue[] {
  return rules.flatMap((rule, index) => {
    const path = `decision_rules[${index}]`;
    const { when = {} } = rule;
    return [
      ...productIssues(when.product_codes, `${path}.when.product_codes`),
      ...unknownIn(when.diagnosis_codes, `${path}.when.diagnosis_codes`, 'ICD-10 code', (pattern) =>
        diagnoses.some((each) => matchesCode(pattern, each.diagnosis_code)),
      ),
      ...unknownIn(when.plan_codes, `${path}.when.plan_codes`, 'plan of the synthetic people', (code) =>
        planCodes.includes(code),
      ),
      ...emptyRange(when.quantity_over, when.quantity_under, `${path}.when.quantity_under`, 1),
      ...emptyRange(when.amount_over, when.amount_under, `${path}.when.amount_under`, 0),
      ...unreachable(rules, index, path),
    ];
  });
}

export function settlementRuleIssues(rules: readonly SettlementRule[]): Issue[] {
  return rules.flatMap(({ when = {} }, index) => {
    const path = `settlement.rules[${index}]`;
    return [
      ...productIssues(when.product_codes, `${path}.when.product_codes`),
      ...emptyRange(when.amount_over, when.amount_under, `${path}.when.amount_under`, 0),
      ...unreachable(rules, index, path),
    ];
  });
}

function productIssues(patterns: readonly string[] | undefined, path: string): Issue[] {
  return unknownIn(patterns, path, 'product of the catalogue', (pattern) =>
    products.some((product) => matchesCode(pattern, product.product_code)),
  );
}

/** A typo here would make a rule that never fits, and nobody would notice. */
function unknownIn(
  words: readonly string[] | undefined,
  path: string,
  what: string,
  isKnown: (word: string) => boolean,
): Issue[] {
  return (words ?? []).flatMap((word, index) =>
    isKnown(word) ? [] : [{ path: `${path}[${index}]`, message: `is no ${what}` }],
  );
}

function emptyRange(
  over: number | undefined,
  under: number | undefined,
  path: string,
  step: number,
): Issue[] {
  if (over === undefined || under === undefined || over + step < under) return [];
  return [{ path, message: 'leaves nothing between the two bounds' }];
}

function unreachable(
  rules: readonly (DecisionRule | SettlementRule)[],
  index: number,
  path: string,
): Issue[] {
  const always = rules
    .slice(0, index)
    .some(({ when = {}, decision }) => decision !== 'FAIL_ONCE' && Object.keys(when).length === 0);
  return always ? [{ path, message: 'comes after a rule that always fits' }] : [];
}
