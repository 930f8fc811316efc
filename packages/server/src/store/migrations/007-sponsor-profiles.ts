import type { Kysely } from 'kysely';
import { type DialectName, run, vocabulary } from './schema.ts';

/** Imported sponsors, for every provider, and all the slugs that they answer to: no two share one. */
export async function sponsorProfiles(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int, end } = vocabulary(dialect);
  await run(
    db,
    `
create table sponsor_profiles (
  sponsor_slug text not null primary key,
  profile text not null,
  version text not null,
  created_at_real ${int} not null,
  updated_at_real ${int} not null
) ${end}

create table sponsor_slugs (
  slug text not null primary key,
  sponsor_slug text not null references sponsor_profiles
) ${end}

create index sponsor_slugs_of_sponsor on sponsor_slugs (sponsor_slug)

create index affiliations_of_sponsor on affiliations (sponsor_slug)
`,
  );
}
