import type { Kysely } from 'kysely';
import { type DialectName, guardStatus, replaceGuard, run, vocabulary } from './schema.ts';

/** Settlement batches, the claims in them and their documents. */
export async function settlements(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int, end } = vocabulary(dialect);
  await run(
    db,
    `
create table settlements (
  settlement_id text not null primary key,
  provider_id text not null references providers,
  sponsor_slug text not null,
  period text not null,
  status text not null check (status in ('OPEN', 'SUBMITTED', 'ACCEPTED', 'REJECTED', 'PARTIALLY_ACCEPTED')),
  currency_code text not null,
  created_at ${int} not null,
  submitted_at ${int},
  resolved_at ${int},
  check ((status = 'OPEN') = (submitted_at is null)),
  check ((status in ('OPEN', 'SUBMITTED')) = (resolved_at is null))
) ${end}

create index settlements_of_provider on settlements (provider_id, settlement_id)

create table settlement_claims (
  settlement_id text not null references settlements,
  claim_id text not null references claims,
  authorization_id text,
  live ${int} check (live = 1),
  status text not null check (status in ('ATTACHED', 'PAID', 'REJECTED')),
  rejection_reason text,
  primary key (settlement_id, claim_id),
  unique (claim_id, live),
  check ((status = 'REJECTED') = (live is null)),
  check ((status = 'REJECTED') = (rejection_reason is not null))
) ${end}

create table settlement_documents (
  file_id text not null primary key,
  settlement_id text not null references settlements,
  provider_id text not null references providers,
  document_type text,
  file_name text not null,
  content_type text not null,
  size ${int} not null,
  sha256 text not null,
  created_at ${int} not null
) ${end}

create index settlement_documents_of_settlement on settlement_documents (settlement_id)

create index settlement_documents_of_provider on settlement_documents (provider_id)

create index claims_to_settle on claims (provider_id, sponsor_slug, status, claim_id)

create index claims_to_settle_by_authorization on claims (authorization_id)
`,
  );
  await guardStatus(db, dialect, 'settlements', {
    OPEN: ['SUBMITTED'],
    SUBMITTED: ['ACCEPTED', 'PARTIALLY_ACCEPTED', 'REJECTED'],
  });
  // A claim that is voided gives back what it redeemed; one that is paid ends its authorization.
  await replaceGuard(db, dialect, 'authorizations', {
    PENDING_SPONSOR: ['APPROVED', 'REJECTED', 'VOIDED'],
    APPROVED: ['PARTIALLY_REDEEMED', 'REDEEMED', 'VOIDED', 'EXPIRED'],
    // Back to APPROVED and PARTIALLY_REDEEMED when a completed claim is voided.
    PARTIALLY_REDEEMED: ['APPROVED', 'REDEEMED', 'EXPIRED', 'PAID'],
    REDEEMED: ['APPROVED', 'PARTIALLY_REDEEMED', 'PAID'],
  });
}
