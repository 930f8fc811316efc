import type { ProductType } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import type { Issue } from '../../platform/errors.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { findProduct } from './catalogue.ts';
import { registeredAmong } from './store.ts';

/** What is wrong with the products of a request or claim; `list` is the member that names them. */
interface NamedProduct {
  readonly product_code: string;
  readonly product_type: ProductType;
}

export function wrongTypes(products: readonly NamedProduct[], list: string): Issue[] {
  return products.flatMap(({ product_code, product_type }, index) => {
    const known = findProduct(product_code);
    if (known === undefined || known.product_type === product_type) return [];
    return [{ path: `${list}[${index}].product_type`, message: `is ${known.product_type} in the catalogue` }];
  });
}

export async function unregisteredProducts(
  { db, provider }: Pick<UnitOfWork, 'db' | 'provider'>,
  products: readonly Pick<NamedProduct, 'product_code'>[],
  list: string,
): Promise<Issue[]> {
  const codes = [...new Set(products.map((product) => product.product_code))];
  const registered = await registeredAmong(db, provider.provider_id, codes);
  return products.flatMap(({ product_code }, index) => {
    if (registered.has(product_code)) return [];
    const message = `${product_code} is not registered for this provider`;
    return [{ path: `${list}[${index}].product_code`, message }];
  });
}

export function unsupportedTypes(
  products: readonly NamedProduct[],
  list: string,
  { product_types }: Pick<SponsorProfile, 'product_types'>,
): Issue[] {
  return products.flatMap(({ product_type }, index) => {
    if (product_types.includes(product_type)) return [];
    const message = `${product_type} is not processed by this sponsor`;
    return [{ path: `${list}[${index}].product_type`, message }];
  });
}
