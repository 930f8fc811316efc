import type { Kysely } from 'kysely';
import { type DialectName, guardStatus, run, vocabulary } from './schema.ts';

/** Settings, tenants, credentials, people and products. */
export async function foundation(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int, bytes, end } = vocabulary(dialect);
  await run(
    db,
    `
create table settings (
  name text not null primary key,
  value text not null
) ${end}

create table signing_keys (
  kid text not null primary key,
  private_jwk text not null,
  public_jwk text not null,
  created_at_real ${int} not null,
  retired_at_real ${int}
) ${end}

create table number_blocks (
  kind text not null primary key,
  next_number ${int} not null
) ${end}

create table providers (
  provider_id text not null primary key,
  number ${int} not null unique,
  provider_slug text not null unique,
  name text not null,
  country_code text not null,
  contact_email text,
  provider_branch_id text not null,
  seed ${int} not null,
  clock_offset ${int} not null default 0 check (clock_offset >= 0),
  requests_per_minute ${int} not null check (requests_per_minute > 0),
  token_requests_per_minute ${int} not null check (token_requests_per_minute > 0),
  created_at_real ${int} not null,
  reset_at_real ${int}
) ${end}

create table clients (
  client_id text not null primary key,
  provider_id text not null references providers,
  secret_hash text not null,
  credential_version ${int} not null default 1,
  scopes text not null,
  created_at_real ${int} not null
) ${end}

create index clients_of_provider on clients (provider_id)

create table limit_lifts (
  lift_id text not null primary key,
  provider_id text not null references providers,
  starts_at_real ${int} not null,
  ends_at_real ${int} not null check (ends_at_real > starts_at_real),
  requests_per_minute ${int} not null,
  token_requests_per_minute ${int},
  reason text not null
) ${end}

create index limit_lifts_of_provider on limit_lifts (provider_id, ends_at_real)

create table affiliations (
  provider_id text not null references providers,
  sponsor_slug text not null,
  primary key (provider_id, sponsor_slug)
) ${end}

create table sponsor_evaluations (
  provider_id text not null references providers,
  sponsor_slug text not null,
  evaluations ${int} not null,
  primary key (provider_id, sponsor_slug)
) ${end}

create table beneficiaries (
  beneficiary_id text not null primary key,
  number ${int} not null unique,
  provider_id text not null references providers,
  document_type text not null,
  document_number text not null,
  person_key text not null,
  member_id text not null,
  member_key text not null,
  first_name text not null,
  last_name text not null,
  date_of_birth text not null,
  sex text not null,
  plan_code text not null,
  suspended ${int} not null,
  effective_until text not null,
  benefits_exhausted ${int} not null,
  email text,
  phone_number text,
  holder_id text references beneficiaries,
  relationship text not null,
  unique (provider_id, person_key),
  unique (provider_id, member_key)
) ${end}

create index beneficiaries_of_holder on beneficiaries (holder_id)

create table provider_products (
  provider_id text not null references providers,
  product_code text not null,
  registered_at ${int} not null,
  primary key (provider_id, product_code)
) ${end}

create table outbox (
  outbox_id text not null primary key,
  provider_id text not null references providers,
  channel text not null,
  destination text not null,
  subject text,
  body text not null,
  otp_code text,
  created_at ${int} not null
) ${end}

create index outbox_of_provider on outbox (provider_id, outbox_id)

create table due_work (
  work_id text not null primary key,
  kind text not null,
  subject_id text not null,
  provider_id text not null references providers,
  lane text,
  due_at ${int} not null,
  due_at_real ${int} not null,
  lease_until_real ${int} not null default 0,
  attempts ${int} not null default 0,
  unique (kind, subject_id)
) ${end}

create index due_work_by_time on due_work (due_at_real, work_id)

create index due_work_of_provider on due_work (provider_id, due_at, work_id)

create table idempotency_keys (
  client_id text not null,
  target text not null,
  idempotency_key text not null,
  body_sha256 text not null,
  status ${int} not null,
  headers text not null,
  body text not null,
  created_at_real ${int} not null,
  primary key (client_id, target, idempotency_key)
) ${end}

create index idempotency_keys_by_age on idempotency_keys (created_at_real)

create table otps (
  otp_id text not null primary key,
  number ${int} not null unique,
  provider_id text not null references providers,
  beneficiary_id text not null,
  sponsor_slug text not null,
  channel text not null,
  code_hash text not null,
  tries ${int} not null default 0 check (tries between 0 and 5),
  status text not null check (status in ('SENT', 'VALIDATED', 'LOCKED')),
  sent_at ${int} not null,
  expires_at ${int} not null
) ${end}

create index otps_of_beneficiary on otps (provider_id, beneficiary_id, sent_at)

create table verification_tokens (
  token_hash text not null primary key,
  provider_id text not null references providers,
  otp_id text not null,
  person_key text not null,
  sponsor_slug text not null,
  expires_at ${int} not null,
  used_at ${int}
) ${end}

create index verification_tokens_of_provider on verification_tokens (provider_id)

create table biometric_readings (
  biometric_reading_id text not null primary key,
  number ${int} not null unique,
  provider_id text not null references providers,
  beneficiary_id text not null,
  person_key text not null,
  type text not null,
  value_sha256 text not null,
  verification_status text not null,
  confidence ${int} not null,
  failure_description text,
  expires_at ${int} not null,
  used_at ${int}
) ${end}

create index biometric_readings_of_provider on biometric_readings (provider_id)

create table file_contents (
  file_id text not null primary key,
  content ${bytes} not null
) ${end}
`,
  );
  await guardStatus(db, dialect, 'otps', { SENT: ['VALIDATED', 'LOCKED'] });
}
