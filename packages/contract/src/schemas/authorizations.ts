import Type from 'typebox';
import {
  authorizationRequestStatuses,
  authorizationStatuses,
  paymentTypes,
  productTypeAliases,
  productTypes,
  rejectionCodes,
  serviceTypeCodes,
} from '../vocabulary.ts';
import { Nullable, ProductCode, Quantity, SponsorSlug, Text, Timestamp, Words } from './common.ts';

/** D words, and the O words that the field uses for the same. */
export const ProductTypeInput = Words([...productTypes, ...Object.keys(productTypeAliases)], {
  description: 'MEDICATION, LAB, IMAGING or PROCEDURE; the reference words are accepted too.',
});

const Posology = Text(500, { examples: ['1 cada 12 horas'] });

/** D: concepts/authorizations; `diagnoses` and the members after `products` as contract section 7. */
export const AuthorizationRequestCreate = Type.Object({
  beneficiary_id: Text(64),
  sponsor_slug: SponsorSlug,
  diagnosis_code: Type.Optional(Text(16, { examples: ['E11.9'] })),
  diagnoses: Type.Optional(
    Type.Array(Type.Object({ diagnosis_code: Text(16) }), { minItems: 1, maxItems: 20 }),
  ),
  products: Type.Array(
    Type.Object({
      product_code: ProductCode,
      product_type: ProductTypeInput,
      quantity: Quantity,
      posology: Type.Optional(Posology),
    }),
    { minItems: 1, maxItems: 50 },
  ),
  authorization_type: Type.Optional(Text(64)),
  professional_license_number: Type.Optional(Text(64)),
  service_type_code: Type.Optional(Words(serviceTypeCodes)),
  provider_branch_id: Type.Optional(Text(64)),
  provider_slugs: Type.Optional(Type.Array(Text(100), { minItems: 1, maxItems: 100 })),
  beneficiary_email: Type.Optional(Type.String({ format: 'email', maxLength: 254 })),
  beneficiary_phone_number: Type.Optional(Text(32)),
  provider_notification_email: Type.Optional(Type.String({ format: 'email', maxLength: 254 })),
});

export const Indication = Type.Object({
  file_id: Type.String(),
  file_type: Type.String(),
  file_name: Type.String(),
  content_type: Type.String(),
  size: Type.Integer(),
  sha256: Type.String(),
});

/** JSON and urlencoded form alike; multipart has the parts `file` and `file_type`. */
export const IndicationCreate = Type.Object({
  file_type: Text(64, { examples: ['MEDICAL_INDICATION'] }),
  file_name: Type.Optional(Text(255)),
  content_type: Type.Optional(Text(100)),
  content_base64: Type.String({ minLength: 1 }),
});

const DecidedProduct = Type.Object({
  product_code: ProductCode,
  quantity: Type.Integer(),
  authorized_quantity: Type.Integer(),
  posology: Type.Optional(Type.String()),
});

/** One entry of the answer of complete. */
export const AuthorizationOutcome = Type.Object({
  authorization_id: Type.String(),
  authorization_code: Nullable(Type.String({ examples: ['AUTH-2026-004217'] })),
  product_type: Words(productTypes),
  status: Words(authorizationStatuses),
  rejection_reason: Type.Optional(Type.String()),
  rejection_code: Type.Optional(Words(rejectionCodes)),
  expires_at: Type.Optional(Timestamp),
  products: Type.Array(DecidedProduct),
  sponsor_reference: Nullable(Type.String()),
});

export const AuthorizationRequest = Type.Object({
  authorization_request_id: Type.String(),
  status: Words(authorizationRequestStatuses),
  beneficiary_id: Type.String(),
  sponsor_slug: SponsorSlug,
  diagnosis_code: Type.String(),
  diagnoses: Type.Array(Type.Object({ diagnosis_code: Type.String() })),
  products: Type.Array(
    Type.Object({
      product_code: ProductCode,
      product_type: Words(productTypes),
      quantity: Type.Integer(),
      posology: Type.Optional(Type.String()),
    }),
  ),
  authorization_type: Nullable(Type.String()),
  professional_license_number: Nullable(Type.String()),
  service_type_code: Nullable(Type.String()),
  provider_branch_id: Nullable(Type.String()),
  provider_slugs: Nullable(Type.Array(Type.String())),
  beneficiary_email: Nullable(Type.String()),
  beneficiary_phone_number: Nullable(Type.String()),
  provider_notification_email: Nullable(Type.String()),
  indications: Type.Array(Indication),
  missing_indications: Type.Array(Type.String()),
  authorizations: Type.Array(AuthorizationOutcome),
  created_at: Timestamp,
  updated_at: Timestamp,
  completed_at: Nullable(Timestamp),
});

export const AuthorizationRequestComplete = Type.Object({
  otp_verification_token: Type.Optional(Text(128)),
  biometric_reading_id: Type.Optional(Text(64)),
});

export const AuthorizationRequestCompleted = Type.Object({
  authorization_request_id: Type.String(),
  status: Words(authorizationRequestStatuses),
  missing_indications: Type.Array(Type.String()),
  authorizations: Type.Array(AuthorizationOutcome),
});

export const Authorization = Type.Object({
  authorization_id: Type.String(),
  authorization_code: Nullable(Type.String()),
  authorization_request_id: Type.String(),
  status: Words(authorizationStatuses),
  beneficiary_id: Type.String(),
  sponsor_slug: SponsorSlug,
  sponsor_reference: Nullable(Type.String()),
  product_type: Words(productTypes),
  payment_type: Words(paymentTypes),
  products: Type.Array(
    Type.Object({
      product_code: ProductCode,
      quantity: Type.Integer(),
      authorized_quantity: Type.Integer(),
      redeemed_quantity: Type.Integer(),
      posology: Nullable(Type.String()),
    }),
  ),
  provider_slugs: Nullable(Type.Array(Type.String())),
  rejection_reason: Nullable(Type.String()),
  rejection_code: Nullable(Type.String()),
  created_at: Timestamp,
  expires_at: Nullable(Timestamp),
  voided_at: Nullable(Timestamp),
});

export const Reason = Type.Object({ reason: Type.Optional(Text(500)) });

export const DocumentPolicy = Type.Array(
  Type.Object({ slug: Type.String(), fallback_name: Type.String(), required: Type.Boolean() }),
);

/** The sponsor's hand (control surface, S). */
export const Decision = Type.Object({
  decision: Words(['APPROVED', 'REJECTED']),
  rejection_code: Type.Optional(Words(rejectionCodes)),
  rejection_reason: Type.Optional(Text(500)),
  lines: Type.Optional(
    Type.Array(
      Type.Object({
        product_code: ProductCode,
        decision: Words(['APPROVED', 'REJECTED']),
        authorized_quantity: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
        rejection_code: Type.Optional(Words(rejectionCodes)),
        rejection_reason: Type.Optional(Text(500)),
      }),
      { maxItems: 50 },
    ),
  ),
});

export const AuthorizationUpdate = Type.Object({
  payment_type: Type.Optional(Words(paymentTypes)),
  expires_at: Type.Optional(Timestamp),
  substitution: Type.Optional(
    Type.Object({ product_code: ProductCode, substitute_product_code: ProductCode }),
  ),
});
