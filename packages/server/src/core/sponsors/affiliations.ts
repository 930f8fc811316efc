import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { type Issue, rejectIssues } from '../../platform/errors.ts';
import { findFixtureSponsor, findSponsor, listSponsors } from './sponsors.ts';
import { lockProfiles } from './store.ts';

/** Replaces all of them; what is under way with a sponsor goes on. Answers the canonical slugs. */
export async function setAffiliations(uow: UnitOfWork, slugs: readonly string[]): Promise<string[]> {
  const { provider_id } = uow.provider;
  const sponsors = await namedSponsors(uow, slugs);
  await uow.db.deleteFrom('affiliations').where('provider_id', '=', provider_id).execute();
  if (sponsors.length > 0) {
    const rows = sponsors.map((sponsor_slug) => ({ provider_id, sponsor_slug }));
    await uow.db.insertInto('affiliations').values(rows).execute();
  }
  return (await listSponsors(uow.db, provider_id)).map(({ sponsor_slug }) => sponsor_slug);
}

/** An alias means the sponsor itself. An imported one is locked, so that nobody deletes it in the meantime. */
async function namedSponsors({ db }: UnitOfWork, slugs: readonly string[]): Promise<string[]> {
  const named: (string | undefined)[] = [];
  for (const slug of slugs) named.push((await findSponsor(db, slug))?.sponsor_slug);
  const known = [...new Set(named.flatMap((slug) => slug ?? []))];
  const imported = known.filter((slug) => findFixtureSponsor(slug) === undefined);
  const locked = await lockProfiles(db, imported);
  const issues: Issue[] = named.flatMap((slug, index) => {
    const gone = slug === undefined || (imported.includes(slug) && !locked.includes(slug));
    return gone ? [{ path: `sponsor_slugs[${index}]`, message: 'is unknown' }] : [];
  });
  rejectIssues(issues);
  return known;
}
