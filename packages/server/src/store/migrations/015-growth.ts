import type { Kysely } from 'kysely';
import { run } from './schema.ts';

/** What looked at more rows the more there are: see docs/performance.md, Growth. */
export async function growth(db: Kysely<unknown>): Promise<void> {
  await run(
    db,
    `
drop index claims_to_settle

create index claims_to_settle on claims (provider_id, sponsor_slug, status, completed_at, claim_id)

create index claims_open_of_owner on claims (owner_provider_id) where status = 'OPEN'
`,
  );
}
