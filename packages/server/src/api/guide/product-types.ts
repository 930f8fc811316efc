import { type ProductType, ProductTypeInput, productTypeAliases } from '@osigu-sandbox/contract';

/** The D words and the reference words (O), wherever a product type comes in. */
export const ProductTypeQuery = ProductTypeInput;

export function productTypeOf(word: string): ProductType {
  // The schema admits the aliases and the words themselves, nothing else.
  return productTypeAliases[word] ?? (word as ProductType);
}
