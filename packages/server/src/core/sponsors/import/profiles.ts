import type { SponsorProfile as ProfileFile } from '@osigu-sandbox/contract';
import { fixtureSponsors } from '../../../fixtures/sponsors.ts';
import { fault, type Issue, rejectIssues } from '../../../platform/errors.ts';
import { realNow } from '../../../platform/time.ts';
import { failureKind } from '../../../store/failures.ts';
import type { Executor } from '../../../store/statement.ts';
import { type Store, TryAgain } from '../../../store/store.ts';
import { profileOf } from '../profile.ts';
import { findFixtureSponsor, findSponsor, slugsOf, versionOf } from '../sponsors.ts';
import {
  deleteProfile,
  insertProfile,
  isNamed,
  lockProfiles,
  replaceSlugs,
  selectImported,
  selectOwners,
  selectProfile,
  selectSlugs,
  updateProfile,
} from '../store.ts';
import { profileIssues } from './check.ts';

/** All sponsors by slug, those of the fixtures among them. */
export async function listProfiles(db: Executor) {
  const imported = (await selectImported(db)).map(({ profile }) => JSON.parse(profile) as ProfileFile);
  const all = [
    ...fixtureSponsors.map((file) => ({ file, fixture: true })),
    ...imported.map((file) => ({ file, fixture: false })),
  ];
  return all
    .map(({ file, fixture }) => ({
      sponsor_slug: file.sponsor_slug,
      aliases: file.aliases ?? [],
      name: file.name,
      kind: file.kind ?? 'shadow',
      behaviour: file.behaviour,
      country_code: file.country_code,
      currency_code: file.currency_code,
      evaluation: file.evaluation,
      fixture,
    }))
    .sort((a, b) => (a.sponsor_slug < b.sponsor_slug ? -1 : 1));
}

/** The file of a sponsor, by any of its slugs. */
export async function readProfile(db: Executor, slug: string): Promise<ProfileFile> {
  const fixture = findFixtureSponsor(slug);
  if (fixture !== undefined) {
    const file = fixtureSponsors.find((each) => each.sponsor_slug === fixture.sponsor_slug);
    if (file !== undefined) return file;
  }
  const [row] = await selectProfile(db, { slug, known: '' });
  if (row?.profile == null) throw fault('071-404-sponsor');
  return JSON.parse(row.profile) as ProfileFile;
}

/** What is wrong with a file that the schema has found sound, apart from what the database says. */
export function issuesOfProfile(slug: string, file: ProfileFile): Issue[] {
  const issues = profileIssues(file);
  if (file.sponsor_slug !== slug) {
    issues.unshift({ path: 'sponsor_slug', message: `must be ${slug}, as in the path` });
  }
  return issues;
}

/**
 * From here on the sponsor is what the file says, for all that is not decided yet. What providers have of it must stay
 * readable: neither its currency nor a slug that they named goes away.
 */
export async function importProfile(store: Store, file: ProfileFile): Promise<'created' | 'replaced'> {
  const { sponsor_slug } = file;
  if (fixtureSponsors.some((fixture) => fixture.sponsor_slug === sponsor_slug)) {
    throw fault('071-409-sponsor-fixture');
  }
  const profile = JSON.stringify(file);
  const row = { sponsor_slug, profile, version: versionOf(profile), now_real: realNow() };
  return store.transaction(async (db) => {
    rejectIssues(await takenSlugs(db, file));
    const isNew = await insertProfile(db, row);
    if (!isNew) await replace(db, file, row);
    await replaceSlugs(db, sponsor_slug, slugsOf(profileOf(file))).catch((error: unknown) => {
      // Somebody else took one of them in between: asked again, the call names it.
      throw failureKind(error) === 'unique' ? new TryAgain() : error;
    });
    return isNew ? 'created' : 'replaced';
  });
}

async function replace(
  db: Executor,
  file: ProfileFile,
  row: Parameters<typeof updateProfile>[1],
): Promise<void> {
  const { sponsor_slug } = file;
  if ((await lockProfiles(db, [sponsor_slug])).length === 0) throw new TryAgain();
  const former = await findSponsor(db, sponsor_slug);
  const slugs = await selectSlugs(db, sponsor_slug);
  const given = slugsOf(profileOf(file));
  const dropped = slugs.filter((slug) => !given.includes(slug));
  const changesMoney = former !== undefined && former.currency_code !== file.currency_code;
  if (await isNamed(db, changesMoney ? slugs : dropped)) {
    const message = changesMoney
      ? 'Its currency cannot change while a provider is affiliated with it or has something of it.'
      : 'An alias cannot be taken away while a provider has something under it.';
    throw fault('071-409-sponsor-in-use', { message });
  }
  await updateProfile(db, row);
}

async function takenSlugs(db: Executor, file: ProfileFile): Promise<Issue[]> {
  const { sponsor_slug, aliases = [] } = file;
  const owners = new Map(
    (await selectOwners(db, [sponsor_slug, ...aliases])).map((row) => [row.slug, row.sponsor_slug]),
  );
  const taken = (slug: string, path: string): Issue[] => {
    const owner = findFixtureSponsor(slug)?.sponsor_slug ?? owners.get(slug);
    return owner === undefined || owner === sponsor_slug
      ? []
      : [{ path, message: `belongs to the sponsor ${owner}` }];
  };
  return [
    ...taken(sponsor_slug, 'sponsor_slug'),
    ...aliases.flatMap((alias, index) => taken(alias, `aliases[${index}]`)),
  ];
}

/** By its own slug only. Refused as long as any provider is affiliated with it or has something of it. */
export async function removeProfile(store: Store, sponsor_slug: string): Promise<void> {
  const fixture = findFixtureSponsor(sponsor_slug);
  if (fixture !== undefined) throw fault('071-409-sponsor-fixture');
  await store.transaction(async (db) => {
    if ((await lockProfiles(db, [sponsor_slug])).length === 0) throw fault('071-404-sponsor');
    if (await isNamed(db, await selectSlugs(db, sponsor_slug))) throw fault('071-409-sponsor-in-use');
    await replaceSlugs(db, sponsor_slug, []);
    await deleteProfile(db, sponsor_slug);
  });
}
