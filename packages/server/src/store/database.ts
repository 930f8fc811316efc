import type {
  AuthorizationRequestStatus,
  AuthorizationStatus,
  BiometricType,
  BiometricVerificationStatus,
  ClaimKind,
  ClaimStatus,
  CodeType,
  CountryCode,
  DeliveryChannel,
  DeliveryFaultKind,
  DeliveryStatus,
  DispensationCanceller,
  DispensationStatus,
  DocumentType,
  OtpChannel,
  PaymentType,
  PrescriptionStatus,
  PrescriptionVersion,
  ProductType,
  RejectionCode,
  RetryPolicy,
  SettledClaimStatus,
  SettlementStatus,
  SubscriptionStatus,
  SubstitutionReason,
  VerificationMethod,
  VoidActor,
} from '@osigu-sandbox/contract';
import type { Generated } from 'kysely';

/**
 * One schema for both dialects. Times are integers, milliseconds since the epoch (on the provider's clock unless
 * a name says `real`); money is integers of minor units; flags are 0 or 1; lists are JSON text.
 */
export interface Database {
  settings: SettingTable;
  signing_keys: SigningKeyTable;
  number_blocks: NumberBlockTable;
  providers: ProviderTable;
  clients: ClientTable;
  limit_lifts: LimitLiftTable;
  affiliations: AffiliationTable;
  sponsor_profiles: SponsorProfileTable;
  sponsor_slugs: SponsorSlugTable;
  sponsor_evaluations: SponsorEvaluationTable;
  beneficiaries: BeneficiaryTable;
  provider_products: ProviderProductTable;
  authorization_requests: AuthorizationRequestTable;
  files: FileTable;
  file_contents: FileContentTable;
  authorizations: AuthorizationTable;
  authorization_lines: AuthorizationLineTable;
  otps: OtpTable;
  verification_tokens: VerificationTokenTable;
  biometric_readings: BiometricReadingTable;
  dispensations: DispensationTable;
  dispensation_lines: DispensationLineTable;
  claims: ClaimTable;
  claim_lines: ClaimLineTable;
  claim_files: ClaimFileTable;
  patients: PatientTable;
  doctors: DoctorTable;
  prescriptions: PrescriptionTable;
  prescription_lines: PrescriptionLineTable;
  prescription_mails: PrescriptionMailTable;
  settlements: SettlementTable;
  settlement_claims: SettlementClaimTable;
  settlement_documents: SettlementDocumentTable;
  events: EventTable;
  subscriptions: SubscriptionTable;
  subscription_secrets: SubscriptionSecretTable;
  deliveries: DeliveryTable;
  delivery_attempts: DeliveryAttemptTable;
  fault_plans: FaultPlanTable;
  route_faults: RouteFaultTable;
  delivery_faults: DeliveryFaultTable;
  delivery_fault_uses: DeliveryFaultUseTable;
  due_work: DueWorkTable;
  processes: ProcessTable;
  outbox: OutboxTable;
  idempotency_keys: IdempotencyKeyTable;
  request_log: RequestLogTable;
  snapshots: SnapshotTable;
}

type Milliseconds = number;
type MinorUnits = number;
type Flag = 0 | 1;
type JsonText = string;

interface SettingTable {
  name: string;
  value: string;
}

interface SigningKeyTable {
  kid: string;
  private_jwk: JsonText;
  public_jwk: JsonText;
  created_at_real: Milliseconds;
  retired_at_real: Milliseconds | null;
}

interface NumberBlockTable {
  kind: string;
  next_number: number;
}

export interface ProviderTable {
  provider_id: string;
  number: number;
  provider_slug: string;
  name: string;
  country_code: CountryCode;
  contact_email: string | null;
  provider_branch_id: string;
  seed: number;
  /** How far this provider's clock is ahead of real time; below zero once an older moment was restored. */
  clock_offset: Milliseconds;
  requests_per_minute: number;
  token_requests_per_minute: number;
  created_at_real: Milliseconds;
  reset_at_real: Milliseconds | null;
  /** Of a provider that came from another sandbox. */
  imported_at_real: Generated<Milliseconds | null>;
  /** Of the faults in force, if any were set. */
  fault_plan_id: Generated<string | null>;
}

export interface ClientTable {
  client_id: string;
  provider_id: string;
  /** scrypt, with its salt and cost in the text. */
  secret_hash: string;
  /** Counts rotations; a token of an earlier version is dead. */
  credential_version: number;
  scopes: JsonText;
  created_at_real: Milliseconds;
}

export interface LimitLiftTable {
  lift_id: string;
  provider_id: string;
  starts_at_real: Milliseconds;
  ends_at_real: Milliseconds;
  requests_per_minute: number;
  token_requests_per_minute: number | null;
  reason: string;
}

interface AffiliationTable {
  provider_id: string;
  sponsor_slug: string;
}

interface SponsorProfileTable {
  sponsor_slug: string;
  /** The file as it was imported, JSON text. */
  profile: JsonText;
  /** Hash of the text: who has read this version before need not read it again. */
  version: string;
  created_at_real: Milliseconds;
  updated_at_real: Milliseconds;
}

/** Every slug that an imported sponsor answers to, its own among them. */
interface SponsorSlugTable {
  slug: string;
  sponsor_slug: string;
}

interface SponsorEvaluationTable {
  provider_id: string;
  sponsor_slug: string;
  evaluations: number;
}

export interface BeneficiaryTable {
  beneficiary_id: string;
  number: number;
  provider_id: string;
  document_type: DocumentType;
  document_number: string;
  /** Folded `document_type:document_number`: the person across providers. */
  person_key: string;
  member_id: string;
  member_key: string;
  first_name: string;
  last_name: string;
  date_of_birth: string;
  sex: 'MALE' | 'FEMALE';
  plan_code: string;
  suspended: Flag;
  effective_until: string;
  benefits_exhausted: Flag;
  email: string | null;
  phone_number: string | null;
  /** The holder's `beneficiary_id`; null for a holder. */
  holder_id: string | null;
  relationship: string;
}

interface ProviderProductTable {
  provider_id: string;
  product_code: string;
  registered_at: Milliseconds;
}

export interface AuthorizationRequestTable {
  authorization_request_id: string;
  number: number;
  provider_id: string;
  beneficiary_id: string;
  sponsor_slug: string;
  status: AuthorizationRequestStatus;
  /** `[diagnosis_code]`, the first is the main one. */
  diagnoses: JsonText;
  /** `[{product_code, product_type, quantity, posology?}]` as asked for. */
  products: JsonText;
  authorization_type: string | null;
  professional_license_number: string | null;
  service_type_code: string | null;
  provider_branch_id: string | null;
  provider_slugs: JsonText | null;
  beneficiary_email: string | null;
  beneficiary_phone_number: string | null;
  provider_notification_email: string | null;
  /** How often the sponsor was asked and failed. */
  failed_evaluations: Generated<number>;
  created_at: Milliseconds;
  updated_at: Milliseconds;
  completed_at: Milliseconds | null;
}

export interface FileTable {
  file_id: string;
  number: number;
  provider_id: string;
  authorization_request_id: string;
  file_type: string;
  file_name: string;
  content_type: string;
  size: number;
  sha256: string;
  created_at: Milliseconds;
}

interface FileContentTable {
  file_id: string;
  content: Uint8Array;
}

export interface AuthorizationTable {
  authorization_id: string;
  number: number;
  provider_id: string;
  authorization_request_id: string;
  authorization_code: string | null;
  status: AuthorizationStatus;
  beneficiary_id: string;
  person_key: string;
  sponsor_slug: string;
  sponsor_reference: string | null;
  product_type: ProductType;
  payment_type: PaymentType;
  provider_slugs: JsonText | null;
  rejection_code: RejectionCode | null;
  rejection_reason: string | null;
  created_at: Milliseconds;
  decided_at: Milliseconds | null;
  expires_at: Milliseconds | null;
  voided_at: Milliseconds | null;
  voided_by: VoidActor | null;
  void_reason: string | null;
}

export interface AuthorizationLineTable {
  authorization_id: string;
  line: number;
  product_code: string;
  quantity: number;
  authorized_quantity: number;
  /** Taken by open dispensations. */
  held_quantity: Generated<number>;
  redeemed_quantity: Generated<number>;
  posology: string | null;
}

export interface OtpTable {
  otp_id: string;
  number: number;
  provider_id: string;
  beneficiary_id: string;
  sponsor_slug: string;
  channel: OtpChannel;
  code_hash: string;
  tries: Generated<number>;
  status: 'SENT' | 'VALIDATED' | 'LOCKED';
  sent_at: Milliseconds;
  expires_at: Milliseconds;
}

interface VerificationTokenTable {
  token_hash: string;
  provider_id: string;
  otp_id: string;
  person_key: string;
  sponsor_slug: string;
  expires_at: Milliseconds;
  used_at: Milliseconds | null;
}

export interface BiometricReadingTable {
  biometric_reading_id: string;
  number: number;
  provider_id: string;
  beneficiary_id: string;
  person_key: string;
  type: BiometricType;
  value_sha256: string;
  verification_status: BiometricVerificationStatus;
  /** Hundredths. */
  confidence: number;
  failure_description: string | null;
  expires_at: Milliseconds;
  used_at: Milliseconds | null;
}

export interface DispensationTable {
  dispensation_id: string;
  number: number;
  /** Who dispenses. */
  provider_id: string;
  /** Who owns the code and gets the events. */
  owner_provider_id: string;
  code: string;
  code_type: CodeType;
  authorization_id: string | null;
  prescription_id: string | null;
  /** The person as the dispensing provider knows them. */
  beneficiary_id: string | null;
  sponsor_slug: string | null;
  provider_branch_id: string | null;
  status: DispensationStatus;
  currency_code: string;
  verification_required: VerificationMethod | null;
  verified_at: Milliseconds | null;
  total_amount: MinorUnits;
  copayment_amount: MinorUnits | null;
  coinsurance_amount: MinorUnits | null;
  covered_amount: MinorUnits | null;
  claim_id: string | null;
  document_number: string | null;
  document_date: string | null;
  document_serial: string | null;
  document_digital_signature: string | null;
  provider_transaction_id: string | null;
  started_at: Milliseconds;
  expires_at: Milliseconds;
  completed_at: Milliseconds | null;
  cancelled_at: Milliseconds | null;
  cancelled_by: DispensationCanceller | null;
  cancellation_reason: string | null;
}

export interface DispensationLineTable {
  dispensation_id: string;
  line: number;
  /** The line of the authorization whose quantity it takes. */
  source_line: number;
  product_code: string;
  quantity: number;
  unit_price: MinorUnits;
  taxes: MinorUnits;
  substitute_product_code: string | null;
  substitute_quantity: number | null;
  substitution_reason_enum: SubstitutionReason | null;
  substitution_reason: string | null;
  substitution_other_description: string | null;
}

export interface ClaimTable {
  claim_id: string;
  /** A claim born from a dispensation takes its dispensation's number (O). */
  number: number;
  provider_id: string;
  kind: ClaimKind;
  status: ClaimStatus;
  authorization_id: string | null;
  /** Who owns the authorization; null without one. */
  owner_provider_id: string | null;
  dispensation_id: string | null;
  beneficiary_id: string;
  sponsor_slug: string;
  /** Null for a claim born from a dispensation: its diagnosis is that of the pre-authorization. */
  diagnosis_code: string | null;
  currency_code: string;
  amount: MinorUnits;
  copayment_amount: MinorUnits;
  coinsurance_amount: MinorUnits;
  covered_amount: MinorUnits;
  sponsor_transaction_id: string | null;
  /** Document and doctor members as complete sent them; null until then. */
  completion: JsonText | null;
  created_at: Milliseconds;
  /** When it expires if it is still OPEN then; null for one that was never OPEN. */
  expires_at: Milliseconds | null;
  completed_at: Milliseconds | null;
  voided_at: Milliseconds | null;
  void_reason: string | null;
}

export interface ClaimLineTable {
  claim_id: string;
  line: number;
  /** The line of the authorization whose quantity it takes; null without one. */
  source_line: number | null;
  product_code: string;
  quantity: number;
  unit_price: MinorUnits;
  taxes: MinorUnits;
  substitute_product_code: string | null;
  substitute_quantity: number | null;
}

/** Evidence; its bytes are in `file_contents`. */
export interface ClaimFileTable {
  file_id: string;
  number: number;
  provider_id: string;
  claim_id: string;
  file_type: string;
  file_name: string;
  content_type: string;
  size: number;
  sha256: string;
  created_at: Milliseconds;
}

export interface SettlementTable {
  settlement_id: string;
  provider_id: string;
  sponsor_slug: string;
  /** `YYYY-MM`. */
  period: string;
  status: SettlementStatus;
  currency_code: string;
  created_at: Milliseconds;
  submitted_at: Milliseconds | null;
  resolved_at: Milliseconds | null;
}

export interface SettlementClaimTable {
  settlement_id: string;
  claim_id: string;
  authorization_id: string | null;
  /** 1 while the membership counts: a claim is in at most one live batch. Null once it was refused. */
  live: 1 | null;
  status: SettledClaimStatus;
  rejection_reason: string | null;
}

export interface SettlementDocumentTable {
  /** Its bytes are in `file_contents`. */
  file_id: string;
  settlement_id: string;
  provider_id: string;
  document_type: string | null;
  file_name: string;
  content_type: string;
  size: number;
  sha256: string;
  created_at: Milliseconds;
}

export interface PatientTable {
  patient_id: string;
  provider_id: string;
  document_type: DocumentType;
  document_number: string;
  /** Folded `document_number`, by which a patient is looked up. */
  document_key: string;
  /** As a beneficiary's. */
  person_key: string;
  first_name: string;
  last_name: string;
  date_of_birth: string;
  email: string | null;
  phone_number: string | null;
  created_at: Milliseconds;
}

export interface DoctorTable {
  doctor_id: string;
  provider_id: string;
  first_name: string;
  last_name: string;
  specialty: string;
  medical_board_registration: string | null;
}

export interface PrescriptionTable {
  prescription_id: string;
  provider_id: string;
  prescription_code: string;
  version: PrescriptionVersion;
  status: PrescriptionStatus;
  patient_id: string;
  doctor_id: string;
  /** `[diagnosis_code]`. */
  diagnoses: JsonText;
  notes: string | null;
  /** `{accepted, accepted_at, method}` as sent. */
  patient_consent: JsonText | null;
  content_hash: string | null;
  signature: string | null;
  delivery_channel: DeliveryChannel;
  /** Opens the PDF to whoever has it. */
  link_token: string;
  issued_at: Milliseconds;
  expires_at: Milliseconds;
  voided_at: Milliseconds | null;
  void_reason: string | null;
}

export interface PrescriptionLineTable {
  prescription_id: string;
  line: number;
  product_code: string;
  quantity: number;
  /** Taken by open dispensations. */
  held_quantity: Generated<number>;
  dispensed_quantity: Generated<number>;
  posology: string;
  duration_days: number | null;
}

export interface PrescriptionMailTable {
  /** The mail itself is in the outbox. */
  outbox_id: string;
  provider_id: string;
  prescription_id: string;
  email: string;
  status: 'PENDING' | 'DELIVERED' | 'FAILED';
  created_at: Milliseconds;
  settled_at: Milliseconds | null;
}

export interface EventTable {
  event_id: string;
  provider_id: string;
  event_type: string;
  /** What it is about; deliveries of one resource keep their order as a best effort. */
  resource_id: string;
  created_at: Milliseconds;
  /** The exact text that is delivered, always the same bytes. */
  body: string;
}

export interface SubscriptionTable {
  subscription_id: string;
  provider_id: string;
  url: string;
  event_types: JsonText;
  retry_on: RetryPolicy;
  status: SubscriptionStatus;
  created_at: Milliseconds;
  updated_at: Milliseconds;
}

interface SubscriptionSecretTable {
  subscription_id: string;
  /** The key of the signature itself: it must be readable, hence it is not a hash. */
  secret: string;
  created_at_real: Milliseconds;
  expires_at_real: Milliseconds | null;
}

export interface DeliveryTable {
  delivery_id: string;
  provider_id: string;
  subscription_id: string;
  event_id: string;
  event_type: string;
  status: DeliveryStatus;
  attempts: Generated<number>;
  created_at: Milliseconds;
  first_attempt_at: Milliseconds | null;
  next_attempt_at: Milliseconds | null;
}

export interface DeliveryAttemptTable {
  delivery_id: string;
  number: number;
  at: Milliseconds;
  response_status: number | null;
  latency_ms: number;
  error: string | null;
  response_excerpt: string | null;
  fault: DeliveryFaultKind | null;
}

interface FaultPlanTable {
  plan_id: string;
  provider_id: string;
  seed: number;
}

interface RouteFaultTable {
  plan_id: string;
  /** From 0, as in the plan. */
  position: number;
  provider_id: string;
  /** The rule as it was given. */
  rule: JsonText;
  met: Generated<number>;
}

interface DeliveryFaultTable {
  plan_id: string;
  position: number;
  provider_id: string;
  rule: JsonText;
  max_uses: number | null;
  used: Generated<number>;
}

export interface DeliveryFaultUseTable {
  delivery_id: string;
  plan_id: string;
  position: number;
  provider_id: string;
  subscription_id: string;
  /** Of the attempt, from 1. */
  number: number;
  kind: DeliveryFaultKind;
  /** 1 while the delivery waits for another one of its subscription to go first. */
  held: 1 | null;
}

export interface DueWorkTable {
  /** Time-ordered, so that what is due at the same moment runs in the order it was written. */
  work_id: string;
  kind: string;
  subject_id: string;
  provider_id: string;
  /** Work of one lane shares a receiver; a lane at its limit is passed over. */
  lane: string | null;
  /** Of the rows of a lane with the same key one runs at a time. */
  sequence_key: string | null;
  /** When, on the provider's clock. */
  due_at: Milliseconds;
  /** The same moment in real time: what workers look for. Moves when the provider's clock is advanced. */
  due_at_real: Milliseconds;
  lease_until_real: Generated<Milliseconds>;
  claimed_by: Generated<number | null>;
  attempts: Generated<number>;
}

interface ProcessTable {
  claimant: number;
  started_at_real: Milliseconds;
  /** 1: it looks for due work; 0: it only serves. */
  works: Generated<number>;
}

export interface OutboxTable {
  outbox_id: string;
  provider_id: string;
  channel: OtpChannel;
  destination: string;
  subject: string | null;
  body: string;
  otp_code: string | null;
  created_at: Milliseconds;
  /** Of a mail: how often the server did not take it. */
  attempts: Generated<number>;
}

interface IdempotencyKeyTable {
  client_id: string;
  target: string;
  idempotency_key: string;
  body_sha256: string;
  status: number;
  headers: JsonText;
  body: string;
  created_at_real: Milliseconds;
}

export interface SnapshotTable {
  snapshot_id: string;
  provider_id: string;
  name: string | null;
  /** The newest migration when it was taken. */
  schema_version: string;
  /** What the provider's clock showed. */
  clock: Milliseconds;
  row_count: number;
  /** Of `content`. */
  bytes: number;
  created_at_real: Milliseconds;
  /** The world as compressed JSON. */
  content: Uint8Array;
}

/** Calls of one provider that ended one after the other. */
export interface RequestLogTable {
  provider_id: string;
  /** The `log_id` of the first of them. */
  batch_id: string;
  calls: number;
  last_at_real: Milliseconds;
  /** Of the contents. */
  bytes: number;
  /** What lists show of each, as compressed JSON. */
  summaries: Uint8Array;
  /** The bodies of each, without secrets, likewise. */
  bodies: Uint8Array;
}
