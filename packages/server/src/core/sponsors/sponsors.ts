import type { SponsorProfile as ProfileFile } from '@osigu-sandbox/contract';
import { fixtureSponsors } from '../../fixtures/sponsors.ts';
import { fault } from '../../platform/errors.ts';
import { sha256 } from '../../platform/hashing.ts';
import type { Executor } from '../../store/statement.ts';
import { profileOf, type SponsorProfile } from './profile.ts';
import { holdProfile, selectAffiliation, selectAffiliations, selectProfile } from './store.ts';

const fixturesBySlug = new Map(
  fixtureSponsors.flatMap((file) => {
    const profile = profileOf(file);
    return [profile.sponsor_slug, ...profile.aliases].map((slug) => [slug, profile] as const);
  }),
);

/** A sponsor of the fixtures, by any of its slugs. */
export function findFixtureSponsor(slug: string): SponsorProfile | undefined {
  return fixturesBySlug.get(slug);
}

/** Read profiles by the hash of their text: whatever database it is in, the same text is the same profile. */
const readByVersion = new Map<string, SponsorProfile>();
/** By slug, the version that was read last: what the database is told, so that it need not send the text again. */
const lastVersion = new Map<string, string>();
const mostRead = 2_000;

/** By any of its slugs. Costs nothing for a sponsor of the fixtures, for an imported one a look-up. */
export function findSponsor(db: Executor, slug: string): Promise<SponsorProfile | undefined> {
  return findBy(selectProfile, db, slug);
}

/**
 * As `findSponsor`, for a transaction that writes what names it: until that ends the sponsor is not deleted and keeps
 * its currency and its slugs.
 */
export async function holdSponsor(db: Executor, slug: string): Promise<SponsorProfile | undefined> {
  const profile = await findBy(holdProfile, db, slug);
  // Whoever had to wait was let in by a slug of the profile before.
  return profile !== undefined && slugsOf(profile).includes(slug) ? profile : undefined;
}

async function findBy(
  select: typeof selectProfile,
  db: Executor,
  slug: string,
): Promise<SponsorProfile | undefined> {
  const fixture = findFixtureSponsor(slug);
  if (fixture !== undefined) return fixture;
  const [row] = await select(db, { slug, known: lastVersion.get(slug) ?? '' });
  if (row === undefined) return undefined;
  const known = readByVersion.get(row.version);
  if (known !== undefined) return known;
  // Only where this one was forgotten in between.
  if (row.profile === null) {
    lastVersion.delete(slug);
    return findBy(select, db, slug);
  }
  lastVersion.set(slug, row.version);
  return read(row.profile, row.version);
}

export function versionOf(text: string): string {
  return sha256(text);
}

function read(text: string, version: string): SponsorProfile {
  const known = readByVersion.get(version);
  if (known !== undefined) return known;
  if (readByVersion.size >= mostRead) {
    readByVersion.clear();
    lastVersion.clear();
  }
  const profile = profileOf(JSON.parse(text) as ProfileFile);
  readByVersion.set(version, profile);
  return profile;
}

/** The profile of something that exists: its slug was checked when it came to be, and what is named stays. */
export async function sponsorOf(
  db: Executor,
  { sponsor_slug }: { readonly sponsor_slug: string },
): Promise<SponsorProfile> {
  const profile = await findSponsor(db, sponsor_slug);
  if (profile === undefined) throw fault('071-404-sponsor');
  return profile;
}

/**
 * Those of many things, each sponsor looked up once. Undefined for one that is gone: a list is read in several
 * statements, between which its provider may be reset and the sponsor deleted.
 */
export async function sponsorsOf(
  db: Executor,
  rows: readonly { readonly sponsor_slug: string }[],
): Promise<(row: { readonly sponsor_slug: string }) => SponsorProfile | undefined> {
  const bySlug = new Map<string, SponsorProfile | undefined>();
  for (const { sponsor_slug } of rows) {
    if (!bySlug.has(sponsor_slug)) bySlug.set(sponsor_slug, await findSponsor(db, sponsor_slug));
  }
  return ({ sponsor_slug }) => bySlug.get(sponsor_slug);
}

export async function listSponsors(db: Executor, provider_id: string): Promise<SponsorProfile[]> {
  const rows = await selectAffiliations(db, { provider_id });
  return rows.flatMap(({ sponsor_slug, profile }) =>
    profile === null ? (findFixtureSponsor(sponsor_slug) ?? []) : read(profile, versionOf(profile)),
  );
}

/** A sponsor named in a URL: 404 when unknown, 403 when the provider is not affiliated. */
export async function requireSponsor(
  db: Executor,
  provider_id: string,
  slug: string,
): Promise<SponsorProfile> {
  const profile = await findSponsor(db, slug);
  if (profile === undefined) throw fault('071-404-sponsor');
  if (!(await isAffiliated(db, provider_id, profile))) throw fault('071-403-sponsor-not-affiliated');
  return profile;
}

export async function isAffiliated(
  db: Executor,
  provider_id: string,
  profile: SponsorProfile,
): Promise<boolean> {
  const rows = await selectAffiliation(db, { provider_id, sponsor_slug: profile.sponsor_slug });
  return rows.length > 0;
}

/** A thing may name its sponsor by any of these. */
export function slugsOf({ sponsor_slug, aliases }: SponsorProfile): string[] {
  return [sponsor_slug, ...aliases];
}
