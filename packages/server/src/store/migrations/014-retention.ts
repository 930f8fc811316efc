import type { Kysely } from 'kysely';
import { type DialectName, run, vocabulary } from './schema.ts';

/**
 * What is removed after a while is found in the order in which it was made, provider by provider: by ids, which begin
 * with the real moment. What ends by itself is found by its end.
 */
export async function retention(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int } = vocabulary(dialect);
  await run(
    db,
    `
alter table providers add column imported_at_real ${int}

create index otps_of_provider on otps (provider_id, otp_id)

drop index verification_tokens_of_provider

create index verification_tokens_of_provider on verification_tokens (provider_id, otp_id)

drop index biometric_readings_of_provider

create index biometric_readings_of_provider on biometric_readings (provider_id, biometric_reading_id)

create index limit_lifts_by_end on limit_lifts (ends_at_real)

create index subscription_secrets_by_end on subscription_secrets (expires_at_real)
  where expires_at_real is not null

create index signing_keys_by_end on signing_keys (retired_at_real) where retired_at_real is not null
`,
  );
}
