import Type from 'typebox';
import { codeTypes, dispensationStatuses, substitutionReasons, verificationMethods } from '../vocabulary.ts';
import {
  CalendarDate,
  CurrencyCode,
  Money,
  MoneyInput,
  Nullable,
  ProductCode,
  Quantity,
  Text,
  Timestamp,
  Words,
} from './common.ts';

export const DispensationProductInput = Type.Object({
  product_code: ProductCode,
  quantity: Quantity,
  unit_price: Type.Optional(MoneyInput),
  taxes: Type.Optional(MoneyInput),
  substitute_product_code: Type.Optional(ProductCode),
  substitute_quantity: Type.Optional(Quantity),
  substitution_reason_enum: Type.Optional(Words(substitutionReasons)),
  substitution_reason: Type.Optional(Text(500)),
  substitution_other_description: Type.Optional(Text(500)),
});

/** D: guides/dispense-an-authorization; `products` and `provider_branch_id` S. */
export const DispensationStart = Type.Object({
  code: Text(64, { examples: ['AUTH-2026-004217'] }),
  beneficiary_id: Type.Optional(Text(64, { description: 'Required for authorization codes.' })),
  products: Type.Optional(Type.Array(DispensationProductInput, { minItems: 1, maxItems: 50 })),
  provider_branch_id: Type.Optional(Text(64)),
});

export const DispensationUpdate = Type.Object({
  products: Type.Array(DispensationProductInput, { minItems: 1, maxItems: 50 }),
});

/** D: schema CompleteDispensationRequest. */
export const DispensationComplete = Type.Object({
  document_number: Text(64, { examples: ['FV-10021'] }),
  document_date: Type.Unsafe<string>({
    anyOf: [Timestamp, CalendarDate],
    description: 'A timestamp or a date.',
    examples: ['2026-01-15'],
  }),
  amount: Type.Optional(MoneyInput),
  document_serial: Type.Optional(Text(64)),
  provider_transaction_id: Type.Optional(Text(128)),
  document_digital_signature: Type.Optional(Text(10_000)),
  otp_verification_token: Type.Optional(Text(128)),
  biometric_reading_id: Type.Optional(Text(64)),
});

export const Dispensation = Type.Object({
  dispensation_id: Type.String(),
  status: Words(dispensationStatuses),
  code: Type.String(),
  code_type: Words(codeTypes),
  authorization_id: Nullable(Type.String()),
  prescription_id: Nullable(Type.String()),
  beneficiary_id: Nullable(Type.String()),
  sponsor_slug: Nullable(Type.String()),
  provider_branch_id: Nullable(Type.String()),
  products: Type.Array(
    Type.Object({
      product_code: ProductCode,
      quantity: Type.Integer(),
      unit_price: Money,
      taxes: Money,
      substitute_product_code: Type.Optional(ProductCode),
      substitute_quantity: Type.Optional(Type.Integer()),
      substitution_reason_enum: Type.Optional(Words(substitutionReasons)),
      substitution_reason: Type.Optional(Type.String()),
      substitution_other_description: Type.Optional(Type.String()),
    }),
  ),
  currency_code: CurrencyCode,
  verification_required: Nullable(Words(verificationMethods)),
  started_at: Timestamp,
  expires_at: Timestamp,
  total_amount: Money,
  copayment_amount: Nullable(Money),
  coinsurance_amount: Nullable(Money),
  amount_covered_by_sponsor: Nullable(Money),
  amount_paid_by_patient: Nullable(Money),
  claim_id: Nullable(Type.String()),
  document_number: Nullable(Type.String()),
  document_date: Nullable(Type.String()),
  document_serial: Nullable(Type.String()),
  provider_transaction_id: Nullable(Type.String()),
  completed_at: Nullable(Timestamp),
  cancelled_at: Nullable(Timestamp),
  cancelled_by: Nullable(Type.String()),
  cancellation_reason: Nullable(Type.String()),
});

export const VerificationStatus = Type.Object({
  required: Type.Boolean(),
  satisfied: Type.Boolean(),
  method: Nullable(Words(verificationMethods)),
});
