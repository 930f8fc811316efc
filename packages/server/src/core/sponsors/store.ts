import { presenceLock, removalLock, rowLock } from '../../store/row-lock.ts';
import { type Executor, lookup, statement } from '../../store/statement.ts';

interface ProfileRow {
  readonly sponsor_slug: string;
  readonly version: string;
  /** Null where the caller has read this version before. */
  readonly profile: string | null;
}

/** `known`: the version that the caller has, or nothing. */
type WhichProfile = { slug: string; known: string };

const profileBySlug = (db: Executor, { slug, known }: WhichProfile) =>
  db
    .selectFrom('sponsor_slugs')
    .innerJoin('sponsor_profiles', 'sponsor_profiles.sponsor_slug', 'sponsor_slugs.sponsor_slug')
    .select((eb) => [
      'sponsor_profiles.sponsor_slug',
      'version',
      eb.case().when('version', '=', known).then(null).else(eb.ref('profile')).end().as('profile'),
    ])
    .where('slug', '=', slug);

const tablesOfProfile = ['sponsor_profiles', 'sponsor_slugs'] as const;

/** By any of its slugs. */
export const selectProfile = lookup<WhichProfile, ProfileRow>(tablesOfProfile, profileBySlug);

/** As `selectProfile`; until the transaction ends nobody gets past `lockForRemoval`. */
export const holdProfile = lookup<WhichProfile, ProfileRow>(tablesOfProfile, (db, which) =>
  profileBySlug(db, which).modifyEnd(presenceLock(db, 'sponsor_profiles')),
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

const profileOwn = (db: Executor, { sponsor_slug }: { sponsor_slug: string }) =>
  db.selectFrom('sponsor_profiles').select('sponsor_slug').where('sponsor_slug', '=', sponsor_slug);

/** Until the end of the transaction nobody else replaces or deletes it. No row where it is not there. */
export const lockProfile = statement<{ sponsor_slug: string }, { sponsor_slug: string }>((db, which) =>
  profileOwn(db, which).modifyEnd(rowLock(db)),
);

/**
 * As `lockProfile`, once all who hold it have ended: what they wrote is seen from here on, and nobody holds it any more.
 * For a transaction that has it by `lockProfile`, so that no two wait for the same holders.
 */
export const lockForRemoval = statement<{ sponsor_slug: string }, { sponsor_slug: string }>((db, which) =>
  profileOwn(db, which).modifyEnd(removalLock(db)),
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

/**
 * In this order: another provider dispenses what was requested, and a claim is born of that, each while the one before
 * is there, without holding the sponsor.
 */
const naming = [
  'affiliations',
  'authorization_requests',
  'dispensations',
  'claims',
  'settlements',
  'otps',
] as const;

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
