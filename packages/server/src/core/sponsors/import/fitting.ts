import {
  claimKinds,
  type DecisionRule,
  type ProductType,
  type SettlementRule,
  serviceTypeCodes,
} from '@osigu-sandbox/contract';
import { diagnoses } from '../../../fixtures/catalogue/diagnoses.ts';
import { people } from '../../../fixtures/people.ts';
import { type CatalogueProduct, priceIn, products } from '../../catalogues/catalogue.ts';
import { matchesCode } from '../decision-rules.ts';
import { amountsOf, quantitiesOf } from './bounds.ts';
import { admittedTypes, isRequired, processedTypes } from './demands.ts';
import type { Draft, Sound } from './draft.ts';
import { type Bits, bitsOf, cellOf, type Reach, type Span } from './reach.ts';

export type LineCondition = NonNullable<Sound<DecisionRule>['when']>;
export type ClaimCondition = NonNullable<Sound<SettlementRule>['when']>;
export type ProductCondition = Pick<LineCondition, 'product_codes' | 'product_types'>;

export const planCodes = [...new Set(people.map((person) => person.plan_code))];

/** What can be asked for or claimed: the products of the types that the sponsor processes. */
export function productsOf(types: readonly ProductType[]): readonly CatalogueProduct[] {
  return products.filter((product) => types.includes(product.product_type));
}

export function isOf({ product_codes, product_types }: ProductCondition, product: CatalogueProduct): boolean {
  return isMatched(product_codes, product.product_code) && isAmong(product_types, product.product_type);
}

/** The quantities of a product that the bounds leave. */
export function spanOf(when: LineCondition, product: CatalogueProduct, currency_code: string): Span {
  const price = priceIn(product, currency_code);
  const [quantities, amounts] = [quantitiesOf(when), amountsOf(when)];
  return {
    from: Math.max(quantities.from, Math.ceil(amounts.from / price)),
    to: Math.min(quantities.to, Math.floor(amounts.to / price)),
  };
}

export function hasAmount({ amount_over, amount_under }: LineCondition): boolean {
  return amount_over !== undefined || amount_under !== undefined;
}

/** What the decision rules of a draft fit; null where its currency is needed and not known. */
export function createLineReach(draft: Draft): (when: LineCondition, isPassing: boolean) => Reach | null {
  const { currency_code } = draft.file;
  const sold = productsOf(processedTypes(draft));
  const setsFor = createProductSets(draft);
  return (when, isPassing) => {
    if (hasAmount(when) && currency_code === undefined) return null;
    const byType = setsFor(when);
    const cells = sold.map((product) =>
      isOf(when, product)
        ? cellOf(spanOf(when, product, currency_code ?? ''), byType(product.product_type))
        : null,
    );
    return { wide: setsOf(when), cells, isPassing };
  };
}

/** Each request has a diagnosis, of which one in the list is enough; anybody may have used the benefits up. */
function setsOf({ diagnosis_codes, plan_codes, benefits_exhausted }: LineCondition): Bits[] {
  return [
    (diagnosis_codes ?? ['*']).reduce((bits, pattern) => bits | diagnosesOf(pattern ?? ''), 0n),
    bitsOf(planCodes, (code) => isAmong(plan_codes, code)),
    bitsOf([true, false], (each) => (benefits_exhausted ?? each) === each),
  ];
}

const everyDiagnosis = bitsOf(diagnoses, () => true);

function diagnosesOf(pattern: string): Bits {
  return pattern === '*'
    ? everyDiagnosis
    : bitsOf(diagnoses, (each) => matchesCode(pattern, each.diagnosis_code));
}

/** Stands for whatever authorization_type no rule names. */
const another = Symbol('another');

/** What of a request depends on the product type: what its authorization_type and service_type_code can be. */
function createProductSets(draft: Draft) {
  const types = processedTypes(draft);
  const named = (draft.file.decision_rules ?? []).flatMap((rule) => rule?.when?.authorization_types ?? []);
  const admitted = types.flatMap((type) => admittedTypes(draft, type) ?? []);
  const names = [...new Set<unknown>([...admitted, ...named, null, another])];
  const services = [...serviceTypeCodes, null];
  const possible = types.map((type) => {
    const own: readonly unknown[] = admittedTypes(draft, type) ?? names;
    const isOptional = !isRequired(draft, type, 'service_type_code');
    return [
      bitsOf(names, (name) => own.includes(name)),
      bitsOf(services, (code) => code !== null || isOptional),
    ];
  });
  return ({ authorization_types, service_type_codes }: LineCondition) => {
    const wanted = [
      bitsOf(names, (name) => isAmong(authorization_types, name)),
      bitsOf(services, (code) => isAmong(service_type_codes, code)),
    ];
    const sets = possible.map((own) => own.map((bits, index) => bits & (wanted[index] ?? 0n)));
    return (type: ProductType) => sets[types.indexOf(type)] ?? [];
  };
}

/** One product of the claim is enough. */
export function claimReach(when: ClaimCondition, types: readonly ProductType[]): Reach {
  return {
    wide: [bitsOf(claimKinds, (kind) => isAmong(when.claim_kinds, kind))],
    cells: productsOf(types).map((product) => (isOf(when, product) ? cellOf(amountsOf(when), []) : null)),
    isPassing: false,
  };
}

function isMatched(patterns: readonly (string | undefined)[] | undefined, code: string): boolean {
  return patterns === undefined || patterns.some((pattern) => matchesCode(pattern ?? '', code));
}

function isAmong(wanted: readonly unknown[] | undefined, given: unknown): boolean {
  return wanted === undefined || wanted.includes(given);
}
