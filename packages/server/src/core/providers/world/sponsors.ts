import { type Issue, rejectIssues } from '../../../platform/errors.ts';
import type { Executor } from '../../../store/statement.ts';
import { holdSponsor } from '../../sponsors/sponsors.ts';
import type { World } from './world.ts';

/**
 * 409 unless every sponsor that the rows name is here and has the currency of the rows. None of them goes, and none
 * changes its currency, before the transaction ends.
 */
export async function requireSponsors(db: Executor, tables: World['tables']): Promise<void> {
  const issues: Issue[] = [];
  for (const [slug, { currencies, isAffiliation }] of sponsorsOf(tables)) {
    const sponsor = await holdSponsor(db, slug);
    // By now the slug may be an alias of another sponsor; a provider is affiliated with the sponsor itself.
    if (sponsor === undefined || (isAffiliation && sponsor.sponsor_slug !== slug)) {
      issues.push({ path: 'sponsor_slug', message: `${slug} is not in this sandbox` });
      continue;
    }
    const others = [...currencies].filter((currency) => currency !== sponsor.currency_code).sort();
    if (others.length === 0) continue;
    const message = `${slug} has ${sponsor.currency_code} in this sandbox, not ${others.join(', ')}`;
    issues.push({ path: 'currency_code', message });
  }
  rejectIssues(issues, '071-409-sponsor-missing');
}

interface Naming {
  /** Of the dispensations, claims and settlements. */
  readonly currencies: Set<string>;
  isAffiliation: boolean;
}

/** By slug, in the order of the slugs. */
function sponsorsOf(tables: World['tables']): [string, Naming][] {
  const named = new Map<string, Naming>();
  for (const [name, { columns, rows }] of Object.entries(tables)) {
    const at = columns.indexOf('sponsor_slug');
    const currencyAt = columns.indexOf('currency_code');
    if (at === -1) continue;
    for (const row of rows) {
      if (row[at] === null) continue;
      const slug = String(row[at]);
      const naming = named.get(slug) ?? { currencies: new Set(), isAffiliation: false };
      named.set(slug, naming);
      if (currencyAt !== -1) naming.currencies.add(String(row[currencyAt]));
      if (name === 'affiliations') naming.isAffiliation = true;
    }
  }
  return [...named].sort(([a], [b]) => (a < b ? -1 : 1));
}
