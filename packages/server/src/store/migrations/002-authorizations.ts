import type { Kysely } from 'kysely';
import { type DialectName, guardStatus, run, vocabulary } from './schema.ts';

/** Authorization requests, authorizations, dispensations and the claims born from them. */
export async function authorizations(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int, end } = vocabulary(dialect);
  await run(
    db,
    `
create table authorization_requests (
  authorization_request_id text not null primary key,
  number ${int} not null unique,
  provider_id text not null references providers,
  beneficiary_id text not null,
  sponsor_slug text not null,
  status text not null check (status in ('PENDING_INDICATION', 'PENDING_SPONSOR', 'COMPLETED', 'CANCELLED')),
  diagnoses text not null,
  products text not null,
  authorization_type text,
  professional_license_number text,
  service_type_code text,
  provider_branch_id text,
  provider_slugs text,
  beneficiary_email text,
  beneficiary_phone_number text,
  provider_notification_email text,
  failed_evaluations ${int} not null default 0,
  created_at ${int} not null,
  updated_at ${int} not null,
  completed_at ${int}
) ${end}

create index authorization_requests_of_provider on authorization_requests (provider_id, authorization_request_id)

create table files (
  file_id text not null primary key,
  number ${int} not null unique,
  provider_id text not null references providers,
  authorization_request_id text not null references authorization_requests,
  file_type text not null,
  file_name text not null,
  content_type text not null,
  size ${int} not null,
  sha256 text not null,
  created_at ${int} not null
) ${end}

create index files_of_request on files (authorization_request_id)

create index files_of_provider on files (provider_id)

create table authorizations (
  authorization_id text not null primary key,
  number ${int} not null unique,
  provider_id text not null references providers,
  authorization_request_id text not null references authorization_requests,
  authorization_code text unique,
  status text not null check (status in ('PENDING_SPONSOR', 'APPROVED', 'REJECTED', 'PARTIALLY_REDEEMED',
    'REDEEMED', 'VOIDED', 'EXPIRED', 'PAID')),
  beneficiary_id text not null,
  person_key text not null,
  sponsor_slug text not null,
  sponsor_reference text,
  product_type text not null,
  payment_type text not null,
  provider_slugs text,
  rejection_code text,
  rejection_reason text,
  created_at ${int} not null,
  decided_at ${int},
  expires_at ${int},
  voided_at ${int},
  voided_by text,
  void_reason text,
  check (status not in ('APPROVED', 'PARTIALLY_REDEEMED', 'REDEEMED', 'PAID', 'EXPIRED')
    or (authorization_code is not null and expires_at is not null)),
  check (status <> 'REJECTED' or (authorization_code is null and rejection_reason is not null))
) ${end}

create index authorizations_of_provider on authorizations (provider_id, authorization_id)

create index authorizations_of_request on authorizations (authorization_request_id)

create table authorization_lines (
  authorization_id text not null references authorizations,
  line ${int} not null,
  product_code text not null,
  quantity ${int} not null check (quantity > 0),
  authorized_quantity ${int} not null check (authorized_quantity >= 0),
  held_quantity ${int} not null default 0 check (held_quantity >= 0),
  redeemed_quantity ${int} not null default 0 check (redeemed_quantity >= 0),
  posology text,
  primary key (authorization_id, line),
  check (held_quantity + redeemed_quantity <= authorized_quantity)
) ${end}

create table dispensations (
  dispensation_id text not null primary key,
  number ${int} not null unique,
  provider_id text not null references providers,
  owner_provider_id text not null references providers,
  code text not null,
  code_type text not null check (code_type in ('AUTHORIZATION', 'PRESCRIPTION')),
  authorization_id text,
  prescription_id text,
  beneficiary_id text,
  sponsor_slug text,
  provider_branch_id text,
  status text not null check (status in ('STARTED', 'COMPLETED', 'CANCELLED')),
  currency_code text not null,
  verification_required text,
  verified_at ${int},
  total_amount ${int} not null,
  copayment_amount ${int},
  coinsurance_amount ${int},
  covered_amount ${int},
  claim_id text,
  document_number text,
  document_date text,
  document_serial text,
  document_digital_signature text,
  provider_transaction_id text,
  started_at ${int} not null,
  expires_at ${int} not null,
  completed_at ${int},
  cancelled_at ${int},
  cancelled_by text,
  cancellation_reason text,
  check (status <> 'COMPLETED' or (document_number is not null and completed_at is not null)),
  check (status <> 'CANCELLED' or cancelled_at is not null)
) ${end}

create index dispensations_of_provider on dispensations (provider_id, dispensation_id)

create index dispensations_of_code on dispensations (code)

create index dispensations_of_owner on dispensations (owner_provider_id, status)

create table dispensation_lines (
  dispensation_id text not null references dispensations,
  line ${int} not null,
  source_line ${int} not null,
  product_code text not null,
  quantity ${int} not null check (quantity > 0),
  unit_price ${int} not null check (unit_price >= 0),
  taxes ${int} not null check (taxes >= 0),
  substitute_product_code text,
  substitute_quantity ${int},
  substitution_reason_enum text,
  substitution_reason text,
  substitution_other_description text,
  primary key (dispensation_id, line)
) ${end}

create table claims (
  claim_id text not null primary key,
  number ${int} not null unique,
  provider_id text not null references providers,
  kind text not null check (kind in ('DISPENSATION', 'OUTPATIENT_CARE', 'MEDICAL_PROCEDURE')),
  status text not null check (status in ('OPEN', 'COMPLETED', 'VOIDED', 'EXPIRED', 'PAID')),
  authorization_id text,
  dispensation_id text unique,
  beneficiary_id text not null,
  sponsor_slug text not null,
  currency_code text not null,
  amount ${int} not null check (amount >= 0),
  copayment_amount ${int} not null check (copayment_amount >= 0),
  coinsurance_amount ${int} not null check (coinsurance_amount >= 0),
  covered_amount ${int} not null check (covered_amount >= 0 and covered_amount <= amount),
  sponsor_transaction_id text,
  created_at ${int} not null,
  completed_at ${int}
) ${end}

create index claims_of_provider on claims (provider_id, claim_id)
`,
  );
  await guardStatus(db, dialect, 'authorization_requests', {
    PENDING_INDICATION: ['PENDING_SPONSOR', 'COMPLETED', 'CANCELLED'],
    PENDING_SPONSOR: ['COMPLETED', 'CANCELLED'],
  });
  await guardStatus(db, dialect, 'authorizations', {
    PENDING_SPONSOR: ['APPROVED', 'REJECTED', 'VOIDED'],
    APPROVED: ['PARTIALLY_REDEEMED', 'REDEEMED', 'VOIDED', 'EXPIRED'],
    PARTIALLY_REDEEMED: ['REDEEMED', 'EXPIRED'],
  });
  await guardStatus(db, dialect, 'dispensations', { STARTED: ['COMPLETED', 'CANCELLED'] });
}
