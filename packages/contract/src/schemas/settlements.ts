import Type from 'typebox';
import { settledClaimStatuses, settlementStatuses } from '../vocabulary.ts';
import { CurrencyCode, Money, Nullable, SponsorSlug, Text, Timestamp, Words } from './common.ts';

const Period = Type.String({
  pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$',
  description: 'YYYY-MM, the month that the batch is presented for. It does not limit what may be attached.',
  examples: ['2026-01'],
});

/** D: guides/submit-claim-batch. */
export const SettlementCreate = Type.Object({ sponsor_slug: SponsorSlug, period: Period });

const Identifiers = Type.Array(Text(64), { minItems: 1, maxItems: 500 });

/** S: one of the two; by authorization all of its completed claims that are in no live batch are meant. */
export const SettlementAttach = Type.Object({
  authorization_ids: Type.Optional(Identifiers),
  claim_ids: Type.Optional(Identifiers),
});

export const SettlementAttached = Type.Object({
  attached: Type.Integer({ description: 'Claims that this call attached.' }),
  total_amount: Money,
});

/** D up to `total_amount`. */
export const PendingAuthorization = Type.Object({
  authorization_id: Nullable(Type.String()),
  claim_id: Type.String(),
  total_amount: Type.Number({ description: 'What the sponsor owes: the covered amount of the claim.' }),
  currency_code: CurrencyCode,
  dispensed_at: Timestamp,
});

export const SettlementLine = Type.Object({
  claim_id: Type.String(),
  authorization_id: Nullable(Type.String()),
  status: Words(settledClaimStatuses),
  rejection_reason: Type.Optional(Type.String()),
  total_amount: Money,
  currency_code: CurrencyCode,
  dispensed_at: Timestamp,
});

export const SettlementDocument = Type.Object({
  document_id: Type.String(),
  document_type: Nullable(Type.String()),
  file_name: Type.String(),
  content_type: Type.String(),
  size: Type.Integer(),
  sha256: Type.String(),
  created_at: Timestamp,
});

/** JSON and urlencoded form alike; multipart has the parts `file` and, if wanted, `document_type`. */
export const SettlementDocumentCreate = Type.Object({
  document_type: Type.Optional(Text(64, { examples: ['INVOICE'] })),
  file_name: Type.Optional(Text(255)),
  content_type: Type.Optional(Text(100)),
  content_base64: Type.String({ minLength: 1, description: 'The bytes in Base64.' }),
});

const summary = {
  settlement_id: Type.String(),
  status: Words(settlementStatuses),
  sponsor_slug: Type.String(),
  period: Type.String(),
  currency_code: CurrencyCode,
  claim_count: Type.Integer(),
  total_amount: Type.Number({ description: 'The sum of what the sponsor owes for the attached claims.' }),
  accepted_amount: Nullable(Money),
  rejected_amount: Nullable(Money),
  created_at: Timestamp,
  submitted_at: Nullable(Timestamp),
  resolved_at: Nullable(Timestamp),
  paid_at: Nullable(Timestamp),
};

/** As a list shows it. */
export const SettlementSummary = Type.Object(summary);

export const Settlement = Type.Object({
  ...summary,
  lines: Type.Array(SettlementLine),
  documents: Type.Array(SettlementDocument),
});

/** `biometric_reading_id` S, for sponsor profiles that want one. */
export const SettlementDispatch = Type.Object({
  otp_verification_token: Type.Optional(Text(128)),
  biometric_reading_id: Type.Optional(Text(64)),
});

/** The sponsor's hand (control surface, S). */
export const SettlementResolution = Type.Object({
  decision: Words(['ACCEPTED', 'REJECTED', 'PARTIALLY_ACCEPTED']),
  rejected: Type.Optional(
    Type.Array(Type.Object({ claim_id: Text(64), rejection_reason: Type.Optional(Text(500)) }), {
      maxItems: 10_000,
    }),
  ),
});
