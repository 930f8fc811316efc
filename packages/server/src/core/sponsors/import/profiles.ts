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
  lockForRemoval,
  lockProfile,
  replaceSlugs,
  selectImported,
  selectOwners,
  selectProfile,
  selectSlugs,
  updateProfile,
} from '../store.ts';
import { profileIssues } from './check.ts';
import type { Draft } from './draft.ts';

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

/** What a schema cannot say of a file that is to have this slug. */
export async function issuesOfProfile(db: Executor, slug: string, draft: Draft): Promise<Issue[]> {
  const { sponsor_slug } = draft.file;
  const issues = profileIssues(draft);
  if (sponsor_slug !== undefined && sponsor_slug !== slug) {
    issues.unshift({ path: 'sponsor_slug', message: `must be ${slug}, as in the path` });
  }
  return [...issues, ...(await takenSlugs(db, draft.file, sponsor_slug ?? slug))];
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
  if ((await lockProfile(db, { sponsor_slug })).length === 0) throw new TryAgain();
  const former = await findSponsor(db, sponsor_slug);
  const slugs = await selectSlugs(db, sponsor_slug);
  const given = slugsOf(profileOf(file));
  const dropped = slugs.filter((slug) => !given.includes(slug));
  const changesMoney = former !== undefined && former.currency_code !== file.currency_code;
  const message = changesMoney
    ? 'Its currency cannot change while a provider is affiliated with it or has something of it.'
    : 'An alias cannot be taken away while a provider has something under it.';
  await requireUnused(db, sponsor_slug, changesMoney ? slugs : dropped, { message });
  await updateProfile(db, row);
}

/**
 * 409 where anything names one of the slugs; from here on nothing does before the transaction ends. Looked for twice:
 * first so that a busy sponsor is refused without waiting, then for what those wrote who were at it.
 */
async function requireUnused(
  db: Executor,
  sponsor_slug: string,
  slugs: readonly string[],
  detail?: { readonly message: string },
): Promise<void> {
  if (slugs.length === 0) return;
  if (await isNamed(db, slugs)) throw fault('071-409-sponsor-in-use', detail);
  await lockForRemoval(db, { sponsor_slug });
  if (await isNamed(db, slugs)) throw fault('071-409-sponsor-in-use', detail);
}

async function takenSlugs(
  db: Executor,
  { sponsor_slug, aliases = [] }: Pick<Draft['file'], 'sponsor_slug' | 'aliases'>,
  own = sponsor_slug,
): Promise<Issue[]> {
  const slugs = [sponsor_slug, ...aliases].flatMap((slug) => slug ?? []);
  if (slugs.length === 0) return [];
  const owners = new Map((await selectOwners(db, slugs)).map((row) => [row.slug, row.sponsor_slug]));
  const taken = (slug: string | undefined, path: string): Issue[] => {
    const owner = slug && (findFixtureSponsor(slug)?.sponsor_slug ?? owners.get(slug));
    return owner === undefined || owner === own ? [] : [{ path, message: `belongs to the sponsor ${owner}` }];
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
    if ((await lockProfile(db, { sponsor_slug })).length === 0) throw fault('071-404-sponsor');
    await requireUnused(db, sponsor_slug, await selectSlugs(db, sponsor_slug));
    await replaceSlugs(db, sponsor_slug, []);
    await deleteProfile(db, sponsor_slug);
  });
}
