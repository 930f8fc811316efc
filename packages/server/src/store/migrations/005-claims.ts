import type { Kysely } from 'kysely';
import { type DialectName, guardStatus, run, vocabulary } from './schema.ts';

/** Claims with lines and evidence, those made directly included. */
export async function claims(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int, end } = vocabulary(dialect);
  await run(
    db,
    `
alter table claims add column owner_provider_id text

alter table claims add column diagnosis_code text

alter table claims add column completion text

alter table claims add column expires_at ${int}

alter table claims add column voided_at ${int}

alter table claims add column void_reason text

create table claim_lines (
  claim_id text not null references claims,
  line ${int} not null,
  source_line ${int},
  product_code text not null,
  quantity ${int} not null check (quantity > 0),
  unit_price ${int} not null check (unit_price >= 0),
  taxes ${int} not null check (taxes >= 0),
  substitute_product_code text,
  substitute_quantity ${int},
  primary key (claim_id, line)
) ${end}

create table claim_files (
  file_id text not null primary key,
  number ${int} not null unique,
  provider_id text not null references providers,
  claim_id text not null references claims,
  file_type text not null,
  file_name text not null,
  content_type text not null,
  size ${int} not null,
  sha256 text not null,
  created_at ${int} not null
) ${end}

create index claim_files_of_claim on claim_files (claim_id)

create index claim_files_of_provider on claim_files (provider_id)

update claims set owner_provider_id = (
  select owner_provider_id from dispensations where dispensations.dispensation_id = claims.dispensation_id)

insert into claim_lines (claim_id, line, source_line, product_code, quantity, unit_price, taxes,
    substitute_product_code, substitute_quantity)
  select claim_id, line, source_line, product_code, quantity, unit_price, taxes,
    substitute_product_code, substitute_quantity
  from claims join dispensation_lines on dispensation_lines.dispensation_id = claims.dispensation_id
`,
  );
  await guardStatus(db, dialect, 'claims', {
    OPEN: ['COMPLETED', 'EXPIRED', 'VOIDED'],
    COMPLETED: ['PAID', 'VOIDED'],
  });
}
