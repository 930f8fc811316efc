import Type, { type Static, type TSchema } from 'typebox';
import { Money, Nullable, Timestamp, Words } from './schemas/common.ts';
import {
  codeTypes,
  dispensationCancellers,
  prescriptionVersions,
  productTypes,
  rejectionCodes,
  settledClaimStatuses,
  settlementStatuses,
  voidActors,
} from './vocabulary.ts';

/** D: webhook-events/payload-reference. All there are. */
export const eventTypes = [
  'authorization.created',
  'authorization.rejected',
  'authorization.updated',
  'authorization.voided',
  'dispensing.started',
  'dispensing.completed',
  'dispensing.cancelled',
  'prescription.issued',
  'prescription.email_delivered',
  'prescription.email_failed',
  'settlement.paid',
  'settlement.rejected',
  'settlement.partially_accepted',
] as const;
export type EventType = (typeof eventTypes)[number];

/** D: the version of the envelope. */
export const webhookApiVersion = '2026-01-01';

const OrderedProduct = Type.Object({
  product_code: Type.String(),
  quantity: Type.Integer(),
  posology: Nullable(Type.String()),
});
const Pharmacy = Type.Object({ provider_slug: Type.String(), branch_id: Nullable(Type.String()) });

export const AuthorizationCreatedData = Type.Object({
  authorization_id: Type.String(),
  authorization_code: Type.String(),
  authorization_request_id: Type.String(),
  beneficiary_id: Type.String(),
  sponsor_slug: Type.String(),
  product_type: Words(productTypes),
  products: Type.Array(OrderedProduct),
  expires_at: Timestamp,
  sponsor_reference: Nullable(Type.String()),
  additional_data: Type.Object({}),
});

export const AuthorizationRejectedData = Type.Object({
  authorization_id: Type.String(),
  authorization_request_id: Type.String(),
  beneficiary_id: Type.String(),
  sponsor_slug: Type.String(),
  product_type: Words(productTypes),
  products: Type.Array(OrderedProduct),
  rejection_reason: Type.String(),
  rejection_code: Words(rejectionCodes),
  rejected_at: Timestamp,
  sponsor_reference: Nullable(Type.String()),
});

export const AuthorizationUpdatedData = Type.Object({
  authorization_id: Type.String(),
  authorization_code: Nullable(Type.String()),
  changes: Type.Array(
    Type.Object({ field: Type.String(), from: Nullable(Type.String()), to: Nullable(Type.String()) }),
  ),
  updated_at: Timestamp,
});

export const AuthorizationVoidedData = Type.Object({
  authorization_id: Type.String(),
  authorization_code: Nullable(Type.String()),
  voided_by: Words(voidActors),
  reason: Nullable(Type.String()),
  voided_at: Timestamp,
});

export const DispensingStartedData = Type.Object({
  dispensation_id: Type.String(),
  code: Type.String(),
  code_type: Words(codeTypes),
  beneficiary_id: Nullable(Type.String()),
  sponsor_slug: Nullable(Type.String()),
  pharmacy: Pharmacy,
  products: Type.Array(Type.Object({ product_code: Type.String(), quantity: Type.Integer() })),
  started_at: Timestamp,
});

export const DispensingCompletedData = Type.Object({
  dispensation_id: Type.String(),
  code: Type.String(),
  code_type: Words(codeTypes),
  authorization_id: Nullable(Type.String()),
  prescription_id: Nullable(Type.String()),
  beneficiary_id: Nullable(Type.String()),
  sponsor_slug: Nullable(Type.String()),
  pharmacy: Pharmacy,
  products: Type.Array(
    Type.Object({ product_code: Type.String(), quantity: Type.Integer(), unit_price: Money }),
  ),
  total_amount: Money,
  currency_code: Type.String(),
  claim_id: Nullable(Type.String()),
  completed_at: Timestamp,
});

export const DispensingCancelledData = Type.Object({
  dispensation_id: Type.String(),
  code: Type.String(),
  code_type: Words(codeTypes),
  cancelled_by: Words(dispensationCancellers),
  reason: Nullable(Type.String()),
  cancelled_at: Timestamp,
});

/** S: the three settlement events have one payload. */
export const SettlementData = Type.Object({
  settlement_id: Type.String(),
  sponsor_slug: Type.String(),
  period: Type.String(),
  status: Words(settlementStatuses),
  total_amount: Money,
  accepted_amount: Money,
  currency_code: Type.String(),
  claims: Type.Array(
    Type.Object({
      claim_id: Type.String(),
      authorization_id: Nullable(Type.String()),
      status: Words(settledClaimStatuses),
      rejection_reason: Type.Optional(Type.String()),
    }),
  ),
  resolved_at: Timestamp,
});

export const PrescriptionIssuedData = Type.Object({
  prescription_id: Type.String(),
  prescription_code: Type.String(),
  version: Words(prescriptionVersions),
  patient: Type.Object({
    patient_id: Type.String(),
    first_name: Type.String(),
    last_name: Type.String(),
  }),
  doctor: Type.Object({ doctor_id: Type.String(), medical_board_registration: Type.String() }),
  diagnoses: Type.Array(Type.Object({ diagnosis_code: Type.String() })),
  medications: Type.Array(
    Type.Object({
      product_code: Type.String(),
      quantity: Type.Integer(),
      posology: Type.String(),
      duration_days: Nullable(Type.Integer()),
    }),
  ),
  issued_at: Timestamp,
});

const PrescriptionEmailed = {
  prescription_id: Type.String(),
  prescription_code: Type.String(),
  email: Type.String(),
};

export const PrescriptionEmailDeliveredData = Type.Object({
  ...PrescriptionEmailed,
  delivered_at: Timestamp,
});

export const PrescriptionEmailFailedData = Type.Object({
  ...PrescriptionEmailed,
  failed_at: Timestamp,
  reason: Type.String(),
});

/** Payload schema per event type, of those this version emits. */
export const eventData = {
  'authorization.created': AuthorizationCreatedData,
  'authorization.rejected': AuthorizationRejectedData,
  'authorization.updated': AuthorizationUpdatedData,
  'authorization.voided': AuthorizationVoidedData,
  'dispensing.started': DispensingStartedData,
  'dispensing.completed': DispensingCompletedData,
  'dispensing.cancelled': DispensingCancelledData,
  'prescription.issued': PrescriptionIssuedData,
  'prescription.email_delivered': PrescriptionEmailDeliveredData,
  'prescription.email_failed': PrescriptionEmailFailedData,
  'settlement.paid': SettlementData,
  'settlement.rejected': SettlementData,
  'settlement.partially_accepted': SettlementData,
} as const satisfies Partial<Record<EventType, TSchema>>;

export type EmittedEventType = keyof typeof eventData;
export type EventData<T extends EmittedEventType> = Static<(typeof eventData)[T]>;
