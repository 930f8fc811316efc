import type { ProductType } from '@osigu-sandbox/contract';
import { diagnoses } from '../../../fixtures/catalogue/diagnoses.ts';
import type { Issue } from '../../../platform/errors.ts';
import { products } from '../../catalogues/catalogue.ts';
import { matchesCode } from '../decision-rules.ts';
import { boundIssues } from './bounds.ts';
import { admittedTypes, processedTypes } from './demands.ts';
import type { Draft } from './draft.ts';
import {
  claimReach,
  createLineReach,
  hasAmount,
  isOf,
  type LineCondition,
  type ProductCondition,
  planCodes,
  productsOf,
  spanOf,
} from './fitting.ts';
import { deadRules } from './reach.ts';

export function decisionRuleIssues(draft: Draft): Issue[] {
  const list = 'decision_rules';
  const rules = draft.file.decision_rules ?? [];
  const issues = rules.map((rule, index) => lineIssues(draft, rule?.when ?? {}, `${list}[${index}].when`));
  const reachOf = createLineReach(draft);
  const reaches = rules.map((rule, index) =>
    isWhole(draft, `${list}[${index}]`, rule) && issues[index]?.length === 0
      ? reachOf(rule.when ?? {}, rule.decision === 'FAIL_ONCE')
      : null,
  );
  return [...issues.flat(), ...deadRules(reaches, list, 'fits no line that this sponsor can be asked about')];
}

export function settlementRuleIssues(draft: Draft): Issue[] {
  const list = 'settlement.rules';
  const rules = draft.file.settlement?.rules ?? [];
  const types = processedTypes(draft);
  const issues = rules.map((rule, index) => {
    const [when, path] = [rule?.when ?? {}, `${list}[${index}].when`];
    return [...productIssues(when, path, types), ...boundIssues(when, path)];
  });
  const reaches = rules.map((rule, index) =>
    isWhole(draft, `${list}[${index}]`, rule) && issues[index]?.length === 0
      ? claimReach(rule.when ?? {}, types)
      : null,
  );
  return [...issues.flat(), ...deadRules(reaches, list, 'fits no claim that this sponsor can have')];
}

/** Of a rule of which a part is wrong nobody knows what it is meant to fit; a typo may have been its condition. */
function isWhole<T extends { readonly when?: unknown }>(
  { isSound }: Draft,
  path: string,
  rule: T | undefined,
): rule is T {
  if (rule?.when === undefined) return rule !== undefined && isSound(path);
  return isSound(`${path}.when`) && isSound(`${path}.decision`);
}

function lineIssues(draft: Draft, when: LineCondition, path: string): Issue[] {
  const issues = [
    ...productIssues(when, path, processedTypes(draft)),
    ...wrongIn(when.diagnosis_codes, `${path}.diagnosis_codes`, (pattern) =>
      diagnoses.some((each) => matchesCode(pattern, each.diagnosis_code)) ? undefined : 'is no ICD-10 code',
    ),
    ...wrongIn(when.plan_codes, `${path}.plan_codes`, (code) =>
      planCodes.includes(code) ? undefined : 'is no plan of the synthetic people',
    ),
    ...boundIssues(when, path),
  ];
  return [...issues, ...unmetIssues(draft, when, path, issues.length === 0)];
}

function productIssues(when: ProductCondition, path: string, processed: readonly ProductType[]): Issue[] {
  const { product_codes, product_types } = when;
  return [
    ...wrongIn(product_types, `${path}.product_types`, (type) =>
      processed.some((each) => each === type) ? undefined : 'is not among the product_types of the sponsor',
    ),
    ...wrongIn(product_codes, `${path}.product_codes`, (pattern) => {
      const named = products.filter((product) => matchesCode(pattern, product.product_code));
      if (named.length === 0) return 'is no product of the catalogue';
      if (!named.some((product) => processed.includes(product.product_type)))
        return 'is of none of the product_types of the sponsor';
      const meets = named.some((product) => isOf({ product_types }, product));
      return meets ? undefined : 'is of none of the product_types of the rule';
    }),
  ];
}

/** What no product of the rule can have, as the rest of the file is. */
function unmetIssues(draft: Draft, when: LineCondition, path: string, isClear: boolean): Issue[] {
  const processed = processedTypes(draft);
  const named = productsOf(processed).filter((product) => isOf(when, product));
  const types = named.length === 0 ? processed : [...new Set(named.map((product) => product.product_type))];
  const issues = wrongIn(when.authorization_types, `${path}.authorization_types`, (name) =>
    types.some((type) => admittedTypes(draft, type)?.includes(name) !== false)
      ? undefined
      : 'is not among the authorization_types that the configuration admits for it',
  );
  const { currency_code } = draft.file;
  if (!isClear || !hasAmount(when) || currency_code === undefined) return issues;
  const isReached = named.some((product) => {
    const { from, to } = spanOf(when, product, currency_code);
    return from <= to;
  });
  if (!isReached) {
    const member = when.amount_over === undefined ? 'amount_under' : 'amount_over';
    issues.push({ path: `${path}.${member}`, message: 'leaves nothing: no product comes to such an amount' });
  }
  return issues;
}

/** A typo would make a rule that never fits, and nobody would notice. */
export function wrongIn(
  words: readonly (string | undefined)[] | undefined,
  path: string,
  wrongWith: (word: string) => string | undefined,
): Issue[] {
  return (words ?? []).flatMap((word, index) => {
    const message = word === undefined ? undefined : wrongWith(word);
    return message === undefined ? [] : [{ path: `${path}[${index}]`, message }];
  });
}
