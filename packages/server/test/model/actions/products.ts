import fc from 'fast-check';
import type { Wanted } from '../contract/code.ts';
import { stranger } from './action.ts';

/** Few, so that random calls often speak of the same ones. */
const ordinary = ['MED-SBX-001', 'MED-SBX-002', 'LAB-HEMO', 'CONS-GEN'] as const;

export function typeOf(product_code: string): string {
  if (product_code.startsWith('MED-')) return 'MEDICATION';
  return product_code.startsWith('LAB-') ? 'LAB' : 'PROCEDURE';
}

/** Each product once. */
export function products(max: number, magic: readonly string[] = []) {
  const line = fc.record({
    product_code: fc.constantFrom(...ordinary, ...magic),
    quantity: fc.integer({ min: 1, max }),
  });
  return fc.uniqueArray(line, { minLength: 1, maxLength: 3, selector: ({ product_code }) => product_code });
}

const price = fc.oneof(
  fc.constantFrom(0, 3, 5, 12_500, 12_501, 50_005),
  fc.integer({ min: 0, max: 9_999_999 }),
);

/** What is taken of a code: products that it has, mostly, and mostly not too much; the same one twice sometimes. */
export interface Slice {
  readonly at: number;
  readonly isForeign: boolean;
  readonly quantity: number;
  readonly unit_price: number | undefined;
  readonly taxes: number | undefined;
}

export const slices: fc.Arbitrary<Slice[]> = fc.array(
  fc.record({
    at: fc.nat(5),
    isForeign: stranger,
    quantity: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.constantFrom(4, 6, 7)),
    unit_price: fc.option(price, { nil: undefined }),
    taxes: fc.option(fc.nat(5_000), { nil: undefined, freq: 2 }),
  }),
  { minLength: 1, maxLength: 2 },
);

/** `foreign` stands for a product that is not on the code. */
export function wantedOf(
  lines: readonly { readonly product_code: string }[],
  from: readonly Slice[],
  foreign = 'MED-SBX-003',
): Wanted[] {
  return from.map(({ at, isForeign, quantity, unit_price, taxes }) => ({
    product_code: (isForeign ? undefined : lines[at % lines.length]?.product_code) ?? foreign,
    quantity,
    ...(unit_price !== undefined && { unit_price }),
    ...(taxes !== undefined && { taxes }),
  }));
}
