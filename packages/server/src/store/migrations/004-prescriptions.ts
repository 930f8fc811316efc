import type { Kysely } from 'kysely';
import { type DialectName, guardStatus, run, vocabulary } from './schema.ts';

/** Patients, doctors, prescriptions and the mails they leave by. */
export async function prescriptions(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int, end } = vocabulary(dialect);
  await run(
    db,
    `
create table patients (
  patient_id text not null primary key,
  provider_id text not null references providers,
  document_type text not null,
  document_number text not null,
  document_key text not null,
  person_key text not null,
  first_name text not null,
  last_name text not null,
  date_of_birth text not null,
  email text,
  phone_number text,
  created_at ${int} not null,
  unique (provider_id, person_key)
) ${end}

create index patients_of_document on patients (provider_id, document_key)

create table doctors (
  doctor_id text not null primary key,
  provider_id text not null references providers,
  first_name text not null,
  last_name text not null,
  specialty text not null,
  medical_board_registration text
) ${end}

create index doctors_of_provider on doctors (provider_id, doctor_id)

create table prescriptions (
  prescription_id text not null primary key,
  provider_id text not null references providers,
  prescription_code text not null unique,
  version text not null check (version in ('v1', 'v1.1', 'v2')),
  status text not null check (status in ('PRESCRIPTION_ISSUED', 'PARTIALLY_DISPENSED', 'DISPENSED', 'VOIDED',
    'EXPIRED')),
  patient_id text not null references patients,
  doctor_id text not null references doctors,
  diagnoses text not null,
  notes text,
  patient_consent text,
  content_hash text,
  signature text,
  delivery_channel text not null check (delivery_channel in ('EMAIL', 'LINK', 'NONE')),
  link_token text not null unique,
  issued_at ${int} not null,
  expires_at ${int} not null,
  voided_at ${int},
  void_reason text,
  check (version = 'v1' or patient_consent is not null),
  check (version <> 'v2' or (content_hash is not null and signature is not null)),
  check ((status = 'VOIDED') = (voided_at is not null))
) ${end}

create index prescriptions_of_provider on prescriptions (provider_id, prescription_id)

create index prescriptions_of_patient on prescriptions (patient_id)

create index prescriptions_of_doctor on prescriptions (doctor_id)

create table prescription_lines (
  prescription_id text not null references prescriptions,
  line ${int} not null,
  product_code text not null,
  quantity ${int} not null check (quantity > 0),
  held_quantity ${int} not null default 0 check (held_quantity >= 0),
  dispensed_quantity ${int} not null default 0 check (dispensed_quantity >= 0),
  posology text not null,
  duration_days ${int},
  primary key (prescription_id, line),
  check (held_quantity + dispensed_quantity <= quantity)
) ${end}

create table prescription_mails (
  outbox_id text not null primary key,
  provider_id text not null references providers,
  prescription_id text not null references prescriptions,
  email text not null,
  status text not null check (status in ('PENDING', 'DELIVERED', 'FAILED')),
  created_at ${int} not null,
  settled_at ${int},
  check ((status = 'PENDING') = (settled_at is null))
) ${end}

create index prescription_mails_of_prescription on prescription_mails (prescription_id, outbox_id)

create index prescription_mails_of_provider on prescription_mails (provider_id)

alter table outbox add column attempts ${int} not null default 0
`,
  );
  await guardStatus(db, dialect, 'prescriptions', {
    PRESCRIPTION_ISSUED: ['PARTIALLY_DISPENSED', 'DISPENSED', 'VOIDED', 'EXPIRED'],
    PARTIALLY_DISPENSED: ['DISPENSED', 'EXPIRED'],
  });
  await guardStatus(db, dialect, 'prescription_mails', { PENDING: ['DELIVERED', 'FAILED'] });
}
