/** The closed word lists of the wire, each with its source. */

/** D: auth-docs guides. */
export const productTypes = ['MEDICATION', 'LAB', 'IMAGING', 'PROCEDURE'] as const;
export type ProductType = (typeof productTypes)[number];

/** O: the words that integrations in the field send for the same; accepted as input everywhere. */
export const productTypeAliases: Readonly<Record<string, ProductType>> = {
  DRUG: 'MEDICATION',
  LABORATORY: 'LAB',
  DIAGNOSTIC_TEST: 'IMAGING',
  MEDICAL_PROCEDURE: 'PROCEDURE',
  drug: 'MEDICATION',
  laboratory: 'LAB',
  'diagnostic-test': 'IMAGING',
  'medical-procedure': 'PROCEDURE',
};

/** D: search forms of the guides. */
export const documentTypes = ['CC', 'CE', 'TI', 'PA'] as const;
export type DocumentType = (typeof documentTypes)[number];

/** S: configuration of a sponsor. */
export const evaluationModes = ['SYNC', 'ASYNC'] as const;
export type EvaluationMode = (typeof evaluationModes)[number];

/** S: sponsor profiles; real connectors (contract section 17) are no files of this kind. */
export const sponsorKinds = ['mock', 'shadow'] as const;
/** S: attributes of the synthetic people that a search field of a sponsor can be compared with. */
export const sponsorAttributes = [
  'document_type',
  'document_number',
  'member_id',
  'plan_code',
  'date_of_birth',
  'first_name',
  'last_name',
  'sex',
  'email',
  'phone_number',
] as const;
export type SponsorAttribute = (typeof sponsorAttributes)[number];

/** D: authentication/otp-flow. */
export const verificationMethods = ['OTP', 'BIOMETRIC'] as const;
export type VerificationMethod = (typeof verificationMethods)[number];

/** D: authentication/otp-flow. */
export const otpChannels = ['SMS', 'EMAIL'] as const;
export type OtpChannel = (typeof otpChannels)[number];

/** D: schema ProviderBiometricReadingResource. */
export const biometricTypes = ['FINGERPRINT_READING', 'FACE_RECOGNITION'] as const;
export type BiometricType = (typeof biometricTypes)[number];
export const biometricVerificationStatuses = [
  'VERIFICATION_SUCCESS',
  'VERIFICATION_FAILURE',
  'ERROR',
] as const;
export type BiometricVerificationStatus = (typeof biometricVerificationStatuses)[number];

/** D for the first three, S for CANCELLED. */
export const authorizationRequestStatuses = [
  'PENDING_INDICATION',
  'PENDING_SPONSOR',
  'COMPLETED',
  'CANCELLED',
] as const;
export type AuthorizationRequestStatus = (typeof authorizationRequestStatuses)[number];

/** D: guides; S: EXPIRED kept apart from VOIDED. */
export const authorizationStatuses = [
  'PENDING_SPONSOR',
  'APPROVED',
  'REJECTED',
  'PARTIALLY_REDEEMED',
  'REDEEMED',
  'VOIDED',
  'EXPIRED',
  'PAID',
] as const;
export type AuthorizationStatus = (typeof authorizationStatuses)[number];

/** D: schema UpdateAuthorizationRequest. */
export const paymentTypes = ['DIRECT_PAYMENT', 'REIMBURSEMENT'] as const;
export type PaymentType = (typeof paymentTypes)[number];

/** S: stable codes beside the sentence of `rejection_reason`. */
export const rejectionCodes = [
  'NOT_COVERED',
  'QUANTITY_EXCEEDED',
  'COVERAGE_EXHAUSTED',
  'MEDICAL_CRITERIA',
  'DUPLICATE_THERAPY',
  'DOCUMENTATION_REJECTED',
  'SPONSOR_OTHER',
] as const;
export type RejectionCode = (typeof rejectionCodes)[number];

/** D: webhook-events/authorizations. */
export const voidActors = ['PROVIDER', 'SPONSOR', 'EXPIRY'] as const;
export type VoidActor = (typeof voidActors)[number];

/** S: named as an idea in concepts/authorizations. */
export const serviceTypeCodes = ['OUTPATIENT', 'HOSPITALIZATION', 'EMERGENCY'] as const;
export type ServiceTypeCode = (typeof serviceTypeCodes)[number];

/** D: webhook-events/dispensing. */
export const codeTypes = ['AUTHORIZATION', 'PRESCRIPTION'] as const;
export type CodeType = (typeof codeTypes)[number];

/** D: guides/dispense-an-authorization. */
export const dispensationStatuses = ['STARTED', 'COMPLETED', 'CANCELLED'] as const;
export type DispensationStatus = (typeof dispensationStatuses)[number];
export const dispensationCancellers = ['PHARMACY', 'TIMEOUT'] as const;
export type DispensationCanceller = (typeof dispensationCancellers)[number];

/** D: schema ProductDispensationRequest. */
export const substitutionReasons = ['OUT_OF_STOCK', 'EMERGENCY', 'ACTIVE_INGREDIENT', 'OTHER'] as const;
export type SubstitutionReason = (typeof substitutionReasons)[number];

/** D: guides/complete-the-claim; S: EXPIRED. */
export const claimStatuses = ['OPEN', 'COMPLETED', 'VOIDED', 'EXPIRED', 'PAID'] as const;
export type ClaimStatus = (typeof claimStatuses)[number];
/** D for the two families; S for the claim that a dispensation creates. */
export const claimKinds = ['DISPENSATION', 'OUTPATIENT_CARE', 'MEDICAL_PROCEDURE'] as const;
export type ClaimKind = (typeof claimKinds)[number];
/** S: where a file of a claim comes from. */
export const fileOrigins = ['AUTHORIZATION', 'CLAIM'] as const;

/** D: guides/submit-claim-batch. There is no PAID: an accepted batch says so with `settlement.paid` and `paid_at`. */
export const settlementStatuses = [
  'OPEN',
  'SUBMITTED',
  'ACCEPTED',
  'REJECTED',
  'PARTIALLY_ACCEPTED',
] as const;
export type SettlementStatus = (typeof settlementStatuses)[number];
/** S: a claim as a member of a batch. */
export const settledClaimStatuses = ['ATTACHED', 'PAID', 'REJECTED'] as const;
export type SettledClaimStatus = (typeof settledClaimStatuses)[number];

/** D: concepts/prescriptions; the three create paths. */
export const prescriptionVersions = ['v1', 'v1.1', 'v2'] as const;
export type PrescriptionVersion = (typeof prescriptionVersions)[number];

/** D for the first (widgets/prescription/events), S for the others. */
export const prescriptionStatuses = [
  'PRESCRIPTION_ISSUED',
  'PARTIALLY_DISPENSED',
  'DISPENSED',
  'VOIDED',
  'EXPIRED',
] as const;
export type PrescriptionStatus = (typeof prescriptionStatuses)[number];

/** D: widgets/prescription/events. */
export const deliveryChannels = ['EMAIL', 'LINK', 'NONE'] as const;
export type DeliveryChannel = (typeof deliveryChannels)[number];

/** S: webhook subscriptions and deliveries. */
export const subscriptionStatuses = ['ACTIVE', 'PAUSED'] as const;
export type SubscriptionStatus = (typeof subscriptionStatuses)[number];
export const retryPolicies = ['non_2xx', '5xx'] as const;
export type RetryPolicy = (typeof retryPolicies)[number];
export const deliveryStatuses = ['PENDING', 'DELIVERED', 'ABANDONED'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** S: injected faults, contract section 14. */
export const faultableMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export const faultMoments = ['before', 'after'] as const;
export type FaultMoment = (typeof faultMoments)[number];
export const deliveryFaultKinds = [
  'duplicate',
  'tampered_signature',
  'stale_timestamp',
  'delay',
  'out_of_order',
] as const;
export type DeliveryFaultKind = (typeof deliveryFaultKinds)[number];

export const environments = ['sandbox', 'production'] as const;
export type Environment = (typeof environments)[number];

/** ISO 3166-1 alpha-2 of the markets served, with currency and a time zone. S. */
export const countries = {
  CO: { currency_code: 'COP', timezone: 'America/Bogota' },
  DO: { currency_code: 'DOP', timezone: 'America/Santo_Domingo' },
  GT: { currency_code: 'GTQ', timezone: 'America/Guatemala' },
} as const;
export type CountryCode = keyof typeof countries;
