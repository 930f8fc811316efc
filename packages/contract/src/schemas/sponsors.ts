import Type, { type Static } from 'typebox';
import {
  documentTypes,
  evaluationModes,
  otpChannels,
  productTypes,
  verificationMethods,
} from '../vocabulary.ts';
import { CalendarDate, CurrencyCode, Money, Nullable, SponsorSlug, Words } from './common.ts';

export const Sponsor = Type.Object({
  sponsor_slug: SponsorSlug,
  name: Type.String(),
  country_code: Type.String({ examples: ['CO'] }),
  currency_code: CurrencyCode,
  product_types: Type.Array(Words(productTypes)),
  evaluation: Words(evaluationModes),
});

export const SearchForm = Type.Object({
  form_id: Type.String({ examples: ['national-id'] }),
  label: Type.String(),
  fields: Type.Array(
    Type.Object({
      key: Type.String(),
      type: Words(['string', 'enum', 'date']),
      values: Type.Optional(Type.Array(Type.String())),
      required: Type.Boolean(),
    }),
  ),
});
export type SearchForm = Static<typeof SearchForm>;

/** D: a flat object of one form's fields; `form_id` S. */
export const BeneficiarySearch = Type.Object(
  { form_id: Type.Optional(Type.String({ maxLength: 64 })) },
  {
    additionalProperties: true,
    examples: [{ document_type: 'CC', document_number: '1000000001' }],
  },
);

export const Coverage = Type.Object({
  plan_code: Type.String(),
  active: Type.Boolean(),
  effective_until: CalendarDate,
});

export const Dependent = Type.Object({
  beneficiary_id: Type.String(),
  first_name: Type.String(),
  last_name: Type.String(),
  relationship: Type.String({ examples: ['CHILD', 'SPOUSE'] }),
  date_of_birth: CalendarDate,
  coverage: Coverage,
});

export const Beneficiary = Type.Object({
  beneficiary_id: Type.String(),
  first_name: Type.String(),
  last_name: Type.String(),
  document_type: Words(documentTypes),
  document_number: Type.String(),
  date_of_birth: CalendarDate,
  coverage: Coverage,
  dependants: Type.Optional(Type.Array(Dependent)),
});

export const Dependents = Type.Object({ content: Type.Array(Dependent) });

export const SponsorConfiguration = Type.Object({
  sponsor_slug: SponsorSlug,
  product_type: Words(productTypes),
  supported: Type.Boolean(),
  evaluation: Words(evaluationModes),
  required_fields: Type.Array(Type.String()),
  authorization_types: Type.Array(Type.String()),
  indications: Type.Array(
    Type.Object({
      file_type: Type.String(),
      required: Type.Boolean(),
      accepted_content_types: Type.Array(Type.String()),
      max_bytes: Type.Integer(),
    }),
  ),
  verification: Type.Object({
    authorization: Nullable(Words(verificationMethods)),
    dispensation: Nullable(Words(verificationMethods)),
    settlement: Nullable(Words(verificationMethods)),
  }),
  otp_channels: Type.Array(Words(otpChannels)),
  settlement: Words(['TRANSACTION', 'BATCH']),
  cost_sharing: Type.Object({
    copayment_amount: Money,
    coinsurance_percent: Type.Number(),
    currency_code: CurrencyCode,
  }),
});
