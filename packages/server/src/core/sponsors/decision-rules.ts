import type { ClaimKind, DecisionRule, ProductType, SettlementRule } from '@osigu-sandbox/contract';
import { fromWire, type MinorUnits } from '../../platform/money.ts';

/** What the rules can ask of one line of a request. */
export interface LineFacts {
  readonly product_code: string;
  readonly product_type: ProductType;
  readonly quantity: number;
  /** Reference price × quantity, in the sponsor's currency. */
  readonly amount: MinorUnits;
  readonly diagnoses: readonly string[];
  readonly plan_code: string;
  readonly benefits_exhausted: boolean;
  readonly authorization_type: string | null;
  readonly service_type_code: string | null;
}

/** What the rules can ask of one claim. */
export interface ClaimFacts {
  readonly kind: ClaimKind;
  readonly amount: MinorUnits;
  /** All that was handed over or asked for, substitutes included. */
  readonly products: readonly {
    readonly product_code: string;
    readonly product_type: ProductType | undefined;
  }[];
}

type Failing = Extract<DecisionRule, { decision: 'FAIL_ONCE' }>;
export type DecidingRule = Exclude<DecisionRule, Failing>;

/** The sponsor fails at this line the first time: the first rule that fits says so. */
export function failsFirstAt(rules: readonly DecisionRule[], line: LineFacts): boolean {
  return rules.find((rule) => fits(rule, line))?.decision === 'FAIL_ONCE';
}

/** The first rule that fits; whether the sponsor has failed is behind it by then. */
export function decidingRule(rules: readonly DecisionRule[], line: LineFacts): DecidingRule | undefined {
  return rules.find((rule): rule is DecidingRule => rule.decision !== 'FAIL_ONCE' && fits(rule, line));
}

/** Between 0 and what is asked for. */
export function authorizedQuantity(rule: DecidingRule | undefined, quantity: number): number {
  switch (rule?.decision) {
    case 'REJECT':
      return 0;
    case 'APPROVE_SHARE':
      return Math.max(Math.floor((quantity * rule.percent) / 100), 1);
    case 'APPROVE_AT_MOST':
      return Math.min(quantity, rule.quantity);
    default:
      return quantity;
  }
}

function fits({ when = {} }: DecisionRule, line: LineFacts): boolean {
  const { diagnosis_codes } = when;
  return (
    isProduct(when, line) &&
    (diagnosis_codes === undefined || line.diagnoses.some((code) => matchesAny(diagnosis_codes, code))) &&
    isAmong(when.plan_codes, line.plan_code) &&
    (when.benefits_exhausted ?? line.benefits_exhausted) === line.benefits_exhausted &&
    isAmong(when.authorization_types, line.authorization_type) &&
    isAmong(when.service_type_codes, line.service_type_code) &&
    line.quantity > (when.quantity_over ?? -1) &&
    line.quantity < (when.quantity_under ?? Number.POSITIVE_INFINITY) &&
    isWithin(when, line.amount)
  );
}

/** The first rule that fits; none: the claim is accepted. */
export function settlingRule(
  rules: readonly SettlementRule[],
  claim: ClaimFacts,
): SettlementRule | undefined {
  return rules.find(
    ({ when = {} }) =>
      isAmong(when.claim_kinds, claim.kind) &&
      isWithin(when, claim.amount) &&
      ((when.product_codes === undefined && when.product_types === undefined) ||
        claim.products.some((product) => isProduct(when, product))),
  );
}

/** `E11*` stands for all that begin with E11. Codes are compared without case. */
export function matchesCode(pattern: string, code: string): boolean {
  const [wanted, given] = [pattern.toUpperCase(), code.toUpperCase()];
  return wanted.endsWith('*') ? given.startsWith(wanted.slice(0, -1)) : wanted === given;
}

interface ProductCondition {
  readonly product_codes?: readonly string[];
  readonly product_types?: readonly ProductType[];
}

function isProduct(
  { product_codes, product_types }: ProductCondition,
  product: { readonly product_code: string; readonly product_type: ProductType | undefined },
): boolean {
  return (
    (product_codes === undefined || matchesAny(product_codes, product.product_code)) &&
    isAmong(product_types, product.product_type)
  );
}

function matchesAny(patterns: readonly string[], code: string): boolean {
  return patterns.some((pattern) => matchesCode(pattern, code));
}

function isAmong<T>(wanted: readonly T[] | undefined, given: T | null | undefined): boolean {
  return wanted === undefined || wanted.some((each) => each === given);
}

function isWithin(
  { amount_over, amount_under }: { readonly amount_over?: number; readonly amount_under?: number },
  amount: MinorUnits,
): boolean {
  return (
    (amount_over === undefined || amount > fromWire(amount_over)) &&
    (amount_under === undefined || amount < fromWire(amount_under))
  );
}
