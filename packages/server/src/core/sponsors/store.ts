import { change, type Executor, lookup } from '../../store/statement.ts';

interface ProfileRow {
  readonly sponsor_slug: string;
  readonly version: string;
  /** Null where the caller has read this version before. */
  readonly profile: string | null;
}

/** By any of its slugs. `known`: the version that the caller has, or nothing. */
export const selectProfile = lookup<{ slug: string; known: string }, ProfileRow>(
  ['sponsor_profiles', 'sponsor_slugs'],
  (db, { slug, known }) =>
    db
      .selectFrom('sponsor_slugs')
      .innerJoin('sponsor_profiles', 'sponsor_profiles.sponsor_slug', 'sponsor_slugs.sponsor_slug')
      .select((eb) => [
        'sponsor_profiles.sponsor_slug',
        'version',
        eb.case().when('version', '=', known).then(null).else(eb.ref('profile')).end().as('profile'),
      ])
      .where('slug', '=', slug),
);

interface AffiliatedRow {
  readonly sponsor_slug: string;
  /** Null for a sponsor of the fixtures. */
  readonly profile: string | null;
}

export const selectAffiliation = lookup<
  { provider_id: string; sponsor_slug: string },
  { sponsor_slug: string }
>(['affiliations'], (db, { provider_id, sponsor_slug }) =>
  db
    .selectFrom('affiliations')
    .select('sponsor_slug')
    .where('provider_id', '=', provider_id)
    .where('sponsor_slug', '=', sponsor_slug),
);

export const selectAffiliations = lookup<{ provider_id: string }, AffiliatedRow>(
  ['affiliations', 'sponsor_profiles'],
  (db, { provider_id }) =>
    db
      .selectFrom('affiliations')
      .leftJoin('sponsor_profiles', 'sponsor_profiles.sponsor_slug', 'affiliations.sponsor_slug')
      .select(['affiliations.sponsor_slug', 'profile'])
      .where('provider_id', '=', provider_id)
      .orderBy('affiliations.sponsor_slug'),
);

export function selectImported(db: Executor): Promise<{ sponsor_slug: string; profile: string }[]> {
  return db
    .selectFrom('sponsor_profiles')
    .select(['sponsor_slug', 'profile'])
    .orderBy('sponsor_slug')
    .execute();
}

/** Those of the slugs that an imported sponsor answers to. */
export async function selectOwners(
  db: Executor,
  slugs: readonly string[],
): Promise<{ slug: string; sponsor_slug: string }[]> {
  return db
    .selectFrom('sponsor_slugs')
    .select(['slug', 'sponsor_slug'])
    .where('slug', 'in', [...slugs])
    .execute();
}

export async function selectSlugs(db: Executor, sponsor_slug: string): Promise<string[]> {
  const rows = await db
    .selectFrom('sponsor_slugs')
    .select('slug')
    .where('sponsor_slug', '=', sponsor_slug)
    .execute();
  return rows.map((row) => row.slug);
}

/**
 * Until the end of the transaction nobody else replaces, deletes or affiliates it. Answers the slugs that are
 * there, always locked in the same order.
 */
export async function lockProfiles(db: Executor, slugs: readonly string[]): Promise<string[]> {
  const locked: string[] = [];
  for (const sponsor_slug of [...slugs].sort()) {
    if ((await lockProfile(db, { sponsor_slug })) > 0) locked.push(sponsor_slug);
  }
  return locked;
}

const lockProfile = change<{ sponsor_slug: string }>((db, { sponsor_slug }) =>
  db
    .updateTable('sponsor_profiles')
    .set((eb) => ({ version: eb.ref('version') }))
    .where('sponsor_slug', '=', sponsor_slug),
);

export interface NewProfile {
  readonly sponsor_slug: string;
  readonly profile: string;
  readonly version: string;
  readonly now_real: number;
}

/** 0 where it is there already. */
export async function insertProfile(db: Executor, { now_real, ...row }: NewProfile): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('sponsor_profiles')
    .values({ ...row, created_at_real: now_real, updated_at_real: now_real })
    .onConflict((conflict) => conflict.column('sponsor_slug').doNothing())
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function updateProfile(db: Executor, { now_real, ...row }: NewProfile): Promise<void> {
  await db
    .updateTable('sponsor_profiles')
    .set({ profile: row.profile, version: row.version, updated_at_real: now_real })
    .where('sponsor_slug', '=', row.sponsor_slug)
    .execute();
}

export async function replaceSlugs(
  db: Executor,
  sponsor_slug: string,
  slugs: readonly string[],
): Promise<void> {
  await db.deleteFrom('sponsor_slugs').where('sponsor_slug', '=', sponsor_slug).execute();
  if (slugs.length === 0) return;
  await db
    .insertInto('sponsor_slugs')
    .values(slugs.map((slug) => ({ slug, sponsor_slug })))
    .execute();
}

export async function deleteProfile(db: Executor, sponsor_slug: string): Promise<void> {
  await db.deleteFrom('sponsor_profiles').where('sponsor_slug', '=', sponsor_slug).execute();
}

const naming = ['authorization_requests', 'claims', 'settlements', 'affiliations', 'otps'] as const;

/** Whether anything of any provider names one of the slugs. An authorization names the sponsor of its request. */
export async function isNamed(db: Executor, slugs: readonly string[]): Promise<boolean> {
  if (slugs.length === 0) return false;
  for (const table of naming) {
    const found = await db
      .selectFrom(table)
      .select('sponsor_slug')
      .where('sponsor_slug', 'in', [...slugs])
      .limit(1)
      .executeTakeFirst();
    if (found !== undefined) return true;
  }
  return false;
}
