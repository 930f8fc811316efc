import type { BeneficiaryRow } from '../beneficiaries/store.ts';
import { findProduct, priceIn } from '../catalogues/catalogue.ts';
import type { LineFacts } from '../sponsors/decision-rules.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import type { RequestRow } from './store.ts';
import { requestedLines } from './views.ts';

/** What the rules of the sponsor can ask, line by line. */
export function factsOf(
  request: RequestRow,
  person: Pick<BeneficiaryRow, 'plan_code' | 'benefits_exhausted'>,
  { currency_code }: Pick<SponsorProfile, 'currency_code'>,
): LineFacts[] {
  const common = {
    diagnoses: JSON.parse(request.diagnoses) as string[],
    plan_code: person.plan_code,
    benefits_exhausted: person.benefits_exhausted === 1,
    authorization_type: request.authorization_type,
    service_type_code: request.service_type_code,
  };
  return requestedLines(request).map(({ product_code, product_type, quantity }) => {
    const product = findProduct(product_code);
    const amount = product === undefined ? 0 : priceIn(product, currency_code) * quantity;
    return { ...common, product_code, product_type, quantity, amount };
  });
}
