import { type CountryCode, countries, type ProductType } from '@osigu-sandbox/contract';
import { diagnoses } from '../../fixtures/catalogue/diagnoses.ts';
import { imaging } from '../../fixtures/catalogue/imaging.ts';
import { laboratory } from '../../fixtures/catalogue/laboratory.ts';
import { medications } from '../../fixtures/catalogue/medications.ts';
import { procedures } from '../../fixtures/catalogue/procedures.ts';
import type { DiagnosisSeed, MedicationSeed } from '../../fixtures/catalogue/types.ts';
import { convert, type MinorUnits } from '../../platform/money.ts';
import { createCatalogueSearch } from './search.ts';

/** A product of the global catalogue. */
export interface CatalogueProduct {
  readonly product_code: string;
  readonly product_id: number;
  readonly name: string;
  readonly product_type: ProductType;
  /** Minor units of the Colombian peso. */
  readonly reference_price_cop: MinorUnits;
  /** Only for medications. */
  readonly medication?: MedicationSeed;
  readonly search_terms: string | undefined;
}

export const products: readonly CatalogueProduct[] = [
  ...medications.map((medication) => ({
    product_code: medication.product_code,
    product_id: medication.product_id,
    name: medication.name,
    product_type: 'MEDICATION' as const,
    reference_price_cop: medication.reference_price_cop * 100,
    medication,
    search_terms: medication.search_terms,
  })),
  ...[...laboratory, ...imaging, ...procedures].map((product) => ({
    product_code: product.product_code,
    product_id: product.product_id,
    name: product.name,
    product_type: product.product_type,
    reference_price_cop: product.reference_price_cop * 100,
    search_terms: product.search_terms,
  })),
];

const productsByCode = new Map(products.map((product) => [product.product_code, product]));
const diagnosesByCode = new Map(diagnoses.map((diagnosis) => [diagnosis.diagnosis_code, diagnosis]));

export function findProduct(product_code: string): CatalogueProduct | undefined {
  return productsByCode.get(product_code);
}

export function findDiagnosis(diagnosis_code: string): DiagnosisSeed | undefined {
  return diagnosesByCode.get(diagnosis_code.toUpperCase());
}

const productSearch = createCatalogueSearch(
  products.map((product) => ({
    code: product.product_code,
    names: product.medication ? [product.name, product.medication.active_ingredient] : [product.name],
    keywords: product.search_terms,
    item: product,
  })),
);

const diagnosisSearch = createCatalogueSearch(
  diagnoses.map((diagnosis) => ({
    code: diagnosis.diagnosis_code,
    names: [diagnosis.es, diagnosis.en, diagnosis.pt],
    item: diagnosis,
  })),
);

/** In relevance order; everything by code when there is no query. */
export function searchProducts(query: string | undefined, product_type?: ProductType): CatalogueProduct[] {
  const found = productSearch.search(query ?? '');
  return product_type === undefined
    ? found
    : found.filter((product) => product.product_type === product_type);
}

export function searchDiagnoses(query: string | undefined): DiagnosisSeed[] {
  return diagnosisSearch.search(query ?? '');
}

/** Synthetic, fixed exchange rates: one unit of the currency is `numerator / denominator` Colombian pesos. */
const pesosPer: Readonly<Record<string, readonly [numerator: number, denominator: number]>> = {
  COP: [1, 1],
  DOP: [66, 1],
  GTQ: [520, 1],
};

/** The price of a product in a currency, minor units. Every provider sells at the reference price (S). */
export function priceIn(product: CatalogueProduct, currency_code: string): MinorUnits {
  const [numerator, denominator] = pesosPer[currency_code] ?? [1, 1];
  return convert(product.reference_price_cop, denominator, numerator);
}

export function currencyOf(country_code: CountryCode): string {
  return countries[country_code].currency_code;
}
