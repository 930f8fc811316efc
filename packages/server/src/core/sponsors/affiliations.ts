import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { rejectIssues } from '../../platform/errors.ts';
import { findSponsor, listSponsors } from './sponsors.ts';

/** Replaces all of them; what is under way with a sponsor goes on. Answers the canonical slugs. */
export async function setAffiliations(uow: UnitOfWork, slugs: readonly string[]): Promise<string[]> {
  rejectIssues(
    slugs.flatMap((slug, index) =>
      findSponsor(slug) === undefined ? [{ path: `sponsor_slugs[${index}]`, message: 'is unknown' }] : [],
    ),
  );
  const { provider_id } = uow.provider;
  // An alias means the sponsor itself.
  const sponsors = new Set(slugs.flatMap((slug) => findSponsor(slug)?.sponsor_slug ?? []));
  await uow.db.deleteFrom('affiliations').where('provider_id', '=', provider_id).execute();
  if (sponsors.size > 0) {
    const rows = [...sponsors].map((sponsor_slug) => ({ provider_id, sponsor_slug }));
    await uow.db.insertInto('affiliations').values(rows).execute();
  }
  return (await listSponsors(uow.db, provider_id)).map(({ sponsor_slug }) => sponsor_slug);
}
