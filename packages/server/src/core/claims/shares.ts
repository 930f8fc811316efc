import { findProduct } from '../catalogues/catalogue.ts';
import { pricedLine } from '../dispensing/lines/input.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { costSharingOf } from '../sponsors/requirements.ts';
import { type Amounts, amountsOf } from './amounts.ts';
import type { ClaimLine } from './lines/store.ts';

/** The amounts of a claim whose lines may be of several product types, each with its own coinsurance. */
export function sharedAmounts(lines: readonly ClaimLine[], sponsor: SponsorProfile): Amounts {
  // A claim with a product of no catalogue is refused before.
  const types = lines.map(({ product_code }) => findProduct(product_code)?.product_type ?? 'PROCEDURE');
  return amountsOf(lines.map(pricedLine), costSharingOf(sponsor, types));
}
