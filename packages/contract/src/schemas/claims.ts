import Type from 'typebox';
import { claimKinds, claimStatuses, fileOrigins, productTypes } from '../vocabulary.ts';
import { Indication, ProductTypeInput } from './authorizations.ts';
import {
  CurrencyCode,
  Money,
  MoneyInput,
  Nullable,
  ProductCode,
  Quantity,
  SponsorSlug,
  Text,
  Timestamp,
  Words,
} from './common.ts';
import { DispensationComplete } from './dispensing.ts';

export const ClaimLineInput = Type.Object({
  product_code: ProductCode,
  product_type: ProductTypeInput,
  quantity: Quantity,
  unit_price: Type.Optional(MoneyInput),
});

const Lines = Type.Array(ClaimLineInput, { minItems: 1, maxItems: 50 });
const OneLine = Type.Array(ClaimLineInput, { minItems: 1, maxItems: 1 });

const head = {
  beneficiary_id: Text(64),
  sponsor_slug: SponsorSlug,
  diagnosis_code: Text(16, { examples: ['E11.9'] }),
};

/** D: guides/complete-the-claim; `unit_price` S. */
export const OutpatientCareClaimCreate = Type.Object({
  ...head,
  authorization_id: Type.Optional(Text(64)),
  line_items: Lines,
});

/** D: one procedure, one authorization. */
export const MedicalProcedureClaimCreate = Type.Object({
  ...head,
  authorization_id: Text(64),
  line_items: OneLine,
});

export const OutpatientCareClaimUpdate = Type.Object({ line_items: Lines });
export const MedicalProcedureClaimUpdate = Type.Object({ line_items: OneLine });

/** JSON and urlencoded form alike; multipart has the parts `file` and `file_type`. */
export const ClaimFileCreate = Type.Object({
  file_type: Text(64, { examples: ['INVOICE'], description: 'Any word; it is shown again.' }),
  file_name: Type.Optional(Text(255)),
  content_type: Type.Optional(Text(100)),
  content_base64: Type.String({ minLength: 1 }),
});

/** D: schema CompleteProviderOutpatientCareClaimRequest; all of it optional here (S). */
export const ClaimComplete = Type.Object({
  document_number: Type.Optional(Text(64, { examples: ['FV-10021'] })),
  document_date: Type.Optional(DispensationComplete.properties.document_date),
  document_serial: Type.Optional(Text(64)),
  document_digital_signature: Type.Optional(Text(10_000)),
  doctor_name: Type.Optional(Text(200)),
  doctor_medical_license_number: Type.Optional(Text(64)),
  doctor_country_code: Type.Optional(Text(3, { examples: ['DO'] })),
  doctor_specialty_name: Type.Optional(Text(200)),
  medical_consultation_reason: Type.Optional(Text(5_000)),
  illness_history: Type.Optional(Text(5_000)),
  illness_evolution_time: Type.Optional(Text(500)),
  non_standardized_diagnoses: Type.Optional(Text(5_000)),
});

const ClaimLine = Type.Object({
  product_code: ProductCode,
  product_type: Words(productTypes),
  quantity: Type.Integer({ description: 'What it takes from the authorization.' }),
  unit_price: Money,
  taxes: Money,
  amount: Type.Number({
    description: 'unit_price · quantity + taxes; of a substituted line the substitute.',
  }),
  substitute_product_code: Type.Optional(ProductCode),
  substitute_quantity: Type.Optional(Type.Integer()),
});

export const ClaimFile = Type.Object({
  ...Indication.properties,
  origin: Words(fileOrigins, {
    description: 'AUTHORIZATION: inherited from the pre-authorization; CLAIM: evidence of its own.',
  }),
});

export const ClaimFiles = Type.Object({ content: Type.Array(ClaimFile) });

const OptionalText = Nullable(Type.String());

export const Claim = Type.Object({
  claim_id: Type.String(),
  kind: Words(claimKinds),
  status: Words(claimStatuses),
  beneficiary_id: Type.String(),
  sponsor_slug: SponsorSlug,
  authorization_id: OptionalText,
  dispensation_id: OptionalText,
  diagnosis_code: OptionalText,
  line_items: Type.Array(ClaimLine),
  currency_code: CurrencyCode,
  amount: Type.Number({ description: 'The sum of the lines.' }),
  copayment_amount: Type.Number({ description: 'Once per claim.' }),
  coinsurance_amount: Money,
  amount_covered_by_sponsor: Money,
  amount_paid_by_patient: Money,
  sponsor_transaction_id: OptionalText,
  files: Type.Array(ClaimFile),
  document_number: OptionalText,
  document_date: OptionalText,
  document_serial: OptionalText,
  doctor_name: OptionalText,
  doctor_medical_license_number: OptionalText,
  doctor_country_code: OptionalText,
  doctor_specialty_name: OptionalText,
  medical_consultation_reason: OptionalText,
  illness_history: OptionalText,
  illness_evolution_time: OptionalText,
  non_standardized_diagnoses: OptionalText,
  last_settlement: Nullable(
    Type.Object(
      { settlement_id: Type.String(), rejection_reason: Type.String() },
      { description: 'The settlement that refused it last; null where none did, or where a later one paid.' },
    ),
  ),
  created_at: Timestamp,
  expires_at: Nullable(Timestamp),
  completed_at: Nullable(Timestamp),
  voided_at: Nullable(Timestamp),
  void_reason: OptionalText,
});
