import type { Database, ProviderTable } from '../../../store/database.ts';
import type { NumberedKind } from '../../../store/numbers.ts';

/**
 * What belongs to one provider and makes up its world, parents before their children: the order in which rows are
 * inserted, and backwards the one in which they are wiped. A reset, a snapshot, a restore, an export and an import
 * all go by this list, so that a new table is entered here and nowhere else; a test compares it with the schema.
 */
export interface WorldTable {
  /** Rows that carry no provider of their own hang on these, by a column of the same name in both. */
  readonly parents?: readonly [key: string, ...tables: (keyof Database)[]];
  /** SQL: the order in which rows are read and inserted. */
  readonly order: string;
  /** Of the column `number`: from which sequence an import draws it. */
  readonly numbered?: NumberedKind;
  /** The column that holds bytes. */
  readonly bytes?: string;
  /** Columns that are made anew where a row is inserted. */
  readonly renewed?: readonly string[];
  /** A reset leaves it alone. */
  readonly outlivesReset?: true;
}

const tables = {
  // With imported sponsors; seeding brings those of the fixtures back.
  affiliations: { order: 'sponsor_slug', outlivesReset: true },
  sponsor_evaluations: { order: 'sponsor_slug' },
  beneficiaries: { order: '(holder_id is not null), beneficiary_id', numbered: 'beneficiary' },
  provider_products: { order: 'product_code' },
  doctors: { order: 'doctor_id' },
  patients: { order: 'patient_id' },
  prescriptions: { order: 'prescription_id' },
  prescription_lines: { parents: ['prescription_id', 'prescriptions'], order: 'prescription_id, line' },
  prescription_mails: { order: 'outbox_id' },
  authorization_requests: { order: 'authorization_request_id', numbered: 'authorization_request' },
  authorizations: { order: 'authorization_id', numbered: 'authorization' },
  authorization_lines: { parents: ['authorization_id', 'authorizations'], order: 'authorization_id, line' },
  files: { order: 'file_id', numbered: 'file' },
  dispensations: { order: 'dispensation_id', numbered: 'dispensation_or_claim' },
  dispensation_lines: { parents: ['dispensation_id', 'dispensations'], order: 'dispensation_id, line' },
  claims: { order: 'claim_id', numbered: 'dispensation_or_claim' },
  claim_lines: { parents: ['claim_id', 'claims'], order: 'claim_id, line' },
  claim_files: { order: 'file_id', numbered: 'file' },
  settlements: { order: 'settlement_id' },
  settlement_claims: { parents: ['settlement_id', 'settlements'], order: 'settlement_id, claim_id' },
  settlement_documents: { order: 'file_id' },
  file_contents: {
    parents: ['file_id', 'files', 'claim_files', 'settlement_documents'],
    order: 'file_id',
    bytes: 'content',
  },
  otps: { order: 'otp_id', numbered: 'otp' },
  verification_tokens: { order: 'token_hash' },
  biometric_readings: { order: 'biometric_reading_id', numbered: 'biometric_reading' },
  outbox: { order: 'outbox_id' },
  events: { order: 'event_id' },
  subscriptions: { order: 'subscription_id', outlivesReset: true },
  subscription_secrets: {
    parents: ['subscription_id', 'subscriptions'],
    order: 'subscription_id, secret',
    outlivesReset: true,
  },
  deliveries: { order: 'delivery_id' },
  delivery_attempts: { parents: ['delivery_id', 'deliveries'], order: 'delivery_id, number' },
  fault_plans: { order: 'plan_id' },
  route_faults: { order: 'plan_id, position' },
  delivery_faults: { order: 'plan_id, position' },
  delivery_fault_uses: { order: 'delivery_id, plan_id, position' },
  // A worker may hold a row of the world before: what it holds is not there any more.
  due_work: {
    order: 'work_id',
    renewed: ['work_id', 'due_at_real', 'lease_until_real', 'claimed_by', 'attempts'],
  },
} as const satisfies Partial<Record<keyof Database, WorldTable>>;

export type WorldTableName = keyof typeof tables;

export const worldTables: readonly (readonly [WorldTableName, WorldTable])[] = Object.entries(tables) as [
  WorldTableName,
  WorldTable,
][];

/** Columns of the provider's own row that belong to its world too; a reset empties them. */
export const worldColumns = ['fault_plan_id'] as const satisfies readonly (keyof ProviderTable)[];

/** Every other table, and why it is no part of a provider's world. */
export const outsideWorld = {
  settings: 'of the whole sandbox',
  sponsor_profiles: 'imported for every provider',
  sponsor_slugs: 'as the profiles',
  signing_keys: 'of the whole sandbox',
  number_blocks: 'of the whole sandbox',
  processes: 'of the whole sandbox',
  providers: 'the tenant itself, which stays',
  clients: 'credentials stay',
  limit_lifts: 'limits stay',
  snapshots: 'worlds that were kept',
  idempotency_keys: 'answers of a world that was replaced: wiped with it, but those of the control surface',
  request_log: 'what was called: evidence of the runs before',
} as const satisfies Record<Exclude<keyof Database, WorldTableName>, string>;
