import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { rejectIssues } from '../../platform/errors.ts';
import { waitForTurn } from '../../store/row-lock.ts';
import { holdSponsor, listSponsors } from './sponsors.ts';

/** Replaces all of them; what is under way with a sponsor goes on. Answers the canonical slugs. */
export async function setAffiliations(uow: UnitOfWork, slugs: readonly string[]): Promise<string[]> {
  const { provider_id } = uow.provider;
  await waitForTurn(uow.db, `affiliations of ${provider_id}`);
  const sponsors = await namedSponsors(uow, slugs);
  await uow.db.deleteFrom('affiliations').where('provider_id', '=', provider_id).execute();
  if (sponsors.length > 0) {
    const rows = sponsors.map((sponsor_slug) => ({ provider_id, sponsor_slug }));
    await uow.db.insertInto('affiliations').values(rows).execute();
  }
  return (await listSponsors(uow.db, provider_id)).map(({ sponsor_slug }) => sponsor_slug);
}

/** An alias means the sponsor itself. */
async function namedSponsors({ db }: UnitOfWork, slugs: readonly string[]): Promise<string[]> {
  const named: (string | undefined)[] = [];
  for (const slug of slugs) named.push((await holdSponsor(db, slug))?.sponsor_slug);
  rejectIssues(
    named.flatMap((slug, index) =>
      slug === undefined ? [{ path: `sponsor_slugs[${index}]`, message: 'is unknown' }] : [],
    ),
  );
  return [...new Set(named.flatMap((slug) => slug ?? []))];
}
