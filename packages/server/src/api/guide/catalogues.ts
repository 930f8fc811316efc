import {
  Diagnosis,
  Medication,
  Page,
  PageQuery,
  Product,
  ProviderProduct,
  ProviderProductRegistered,
  ProviderProductRegistration,
} from '@osigu-sandbox/contract';
import Type from 'typebox';
import {
  type CatalogueProduct,
  currencyOf,
  findProduct,
  priceIn,
  searchDiagnoses,
  searchProducts,
} from '../../core/catalogues/catalogue.ts';
import { registerProduct, removeProduct } from '../../core/catalogues/registrations.ts';
import { selectRegistrations } from '../../core/catalogues/store.ts';
import { toWire } from '../../platform/money.ts';
import { isoTimestamp } from '../../platform/time.ts';
import { created, noContent, ok } from '../answers.ts';
import type { Endpoints } from '../endpoint.ts';
import { slice } from '../paging.ts';
import { ProductTypeQuery, productTypeOf } from './product-types.ts';

const anyToken = { kind: 'client', scopes: [] } as const;
const read = { kind: 'client', scopes: ['arc:read'] } as const;
const write = { kind: 'client', scopes: ['arc:write'] } as const;

const Search = Type.Object({
  query: Type.Optional(Type.String({ description: 'Words or a code; typos and accents are forgiven.' })),
  ...PageQuery,
});
const ProductSearch = Type.Object({ ...Search.properties, product_type: Type.Optional(ProductTypeQuery) });

export function catalogueRoutes(endpoints: Endpoints): void {
  endpoints.read({
    method: 'GET',
    url: '/medical-catalogs/v1/medications',
    operationId: 'listMedications',
    tag: 'Catalogues',
    summary: 'Search medications',
    provenance: 'documented',
    access: anyToken,
    query: Search,
    answers: { 200: Page(Medication) },
    read: async ({ provider }, { request, query }) => {
      const currency_code = currencyOf(provider.country_code);
      const page = slice(request, query, searchProducts(query.query, 'MEDICATION'));
      return { ...page, content: page.content.map((product) => medicationView(product, currency_code)) };
    },
  });

  endpoints.read({
    method: 'GET',
    url: '/medical-catalogs/v1/diagnoses',
    operationId: 'listDiagnoses',
    tag: 'Catalogues',
    summary: 'Search ICD-10 diagnoses',
    description: 'By the beginning of a code, or by words in Spanish, English or Portuguese.',
    provenance: 'documented',
    access: anyToken,
    query: Search,
    answers: { 200: Page(Diagnosis) },
    read: async (_context, { request, query }) => {
      const page = slice(request, query, searchDiagnoses(query.query));
      const content = page.content.map(({ diagnosis_code, es }) => ({
        diagnosis_code,
        coding_system: 'ICD-10',
        description: es,
      }));
      return { ...page, content };
    },
  });

  endpoints.read({
    method: 'GET',
    url: '/arc/v1/products',
    operationId: 'listProducts',
    tag: 'Catalogues',
    summary: 'Search the global product catalogue',
    provenance: 'documented',
    access: read,
    query: ProductSearch,
    answers: { 200: Page(Product) },
    read: async ({ provider }, { request, query }) => {
      const type = query.product_type === undefined ? undefined : productTypeOf(query.product_type);
      const page = slice(request, query, searchProducts(query.query, type));
      const currency_code = currencyOf(provider.country_code);
      return { ...page, content: page.content.map((product) => productView(product, currency_code)) };
    },
  });

  providerProductRoutes(endpoints);
}

function providerProductRoutes(endpoints: Endpoints): void {
  endpoints.read({
    method: 'GET',
    url: '/arc/v1/providers/products',
    operationId: 'listProviderProducts',
    tag: 'Catalogues',
    summary: "The provider's registered products",
    provenance: 'documented',
    access: read,
    query: ProductSearch,
    answers: { 200: Page(ProviderProduct) },
    read: async ({ db, provider }, { request, query }) => {
      const type = query.product_type === undefined ? undefined : productTypeOf(query.product_type);
      const rows = await selectRegistrations(db, { provider_id: provider.provider_id });
      const registeredAt = new Map(rows.map((row) => [row.product_code, row.registered_at]));
      const found = searchProducts(query.query, type).filter((product) =>
        registeredAt.has(product.product_code),
      );
      const page = slice(request, query, found);
      const currency_code = currencyOf(provider.country_code);
      const content = page.content.map((product) => ({
        ...productView(product, currency_code),
        registered_at: isoTimestamp(registeredAt.get(product.product_code) ?? 0),
      }));
      return { ...page, content };
    },
  });

  endpoints.write({
    method: 'POST',
    url: '/arc/v1/providers/products',
    operationId: 'registerProviderProduct',
    tag: 'Catalogues',
    summary: 'Register a product for the provider',
    description: 'A second time answers 200 with the first registration.',
    provenance: 'documented',
    access: write,
    body: ProviderProductRegistration,
    bodyExample: { product_code: 'MED-SBX-902' },
    answers: { 201: ProviderProductRegistered, 200: ProviderProductRegistered },
    write: async (uow, { body }) => {
      const { product_code, registered_at, isNew } = await registerProduct(uow, body.product_code);
      const view = { product_code, registered_at: isoTimestamp(registered_at) };
      return isNew ? created(view) : ok(view);
    },
  });

  endpoints.write({
    method: 'DELETE',
    url: '/arc/v1/providers/products/:product_code',
    operationId: 'removeProviderProduct',
    tag: 'Catalogues',
    summary: 'Remove a registered product',
    description: 'Past transactions stay as they are.',
    provenance: 'documented',
    access: write,
    params: Type.Object({ product_code: Type.String() }),
    answers: { 204: undefined },
    errors: ['071-404-product'],
    write: async (uow, { params }) => {
      await removeProduct(uow, params.product_code);
      return noContent;
    },
  });
}

function productView(product: CatalogueProduct, currency_code: string) {
  return {
    product_code: product.product_code,
    product_id: product.product_id,
    name: product.name,
    product_type: product.product_type,
    reference_price: toWire(priceIn(product, currency_code)),
    currency_code,
  };
}

function medicationView(product: CatalogueProduct, currency_code: string) {
  const { active_ingredient, drug_form, strength, equivalents } = product.medication ?? {
    active_ingredient: '',
    drug_form: '',
    strength: '',
    equivalents: [],
  };
  return {
    ...productView(product, currency_code),
    active_ingredient,
    drug_form,
    strength,
    equivalents: equivalents.flatMap((code) => findProduct(code)?.product_id ?? []),
  };
}
