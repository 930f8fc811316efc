import type { ProductType } from '@osigu-sandbox/contract';
import { toWire } from '../../platform/money.ts';
import type { SponsorProfile } from './profile.ts';

/** As the wire shows it: GET /v1/sponsors/{sponsor_slug}/forms. */
export function formsOf({ forms }: SponsorProfile) {
  return forms.map(({ form_id, label, fields }) => ({
    form_id,
    label,
    fields: fields.map(({ key, type, values, required }) => ({
      key,
      type,
      ...(values !== undefined && { values }),
      required,
    })),
  }));
}

/** As the wire shows it: GET /arc/v1/sponsors/{sponsor_slug}/configuration. */
export function configurationOf(profile: SponsorProfile, slug: string, product_type: ProductType) {
  const { settlement } = profile;
  const { cost_sharing, indications, verification, ...demands } = profile.requirements[product_type];
  return {
    sponsor_slug: slug,
    product_type,
    supported: profile.product_types.includes(product_type),
    evaluation: profile.evaluation,
    ...demands,
    indications: indications.map(({ fallback_name: _, ...rule }) => rule),
    verification: { ...verification, settlement: settlement.verification },
    settlement: settlement.mode,
    cost_sharing: {
      copayment_amount: toWire(cost_sharing.copayment_amount),
      coinsurance_percent: cost_sharing.coinsurance_percent,
      currency_code: profile.currency_code,
    },
  };
}
