import { fault } from '../../../platform/errors.ts';
import type { Executor } from '../../../store/statement.ts';
import { findFixtureSponsor } from '../../sponsors/sponsors.ts';
import { lockProfiles } from '../../sponsors/store.ts';
import type { World } from './world.ts';

/** 409 unless every sponsor that the rows name is here, and none of them goes before the transaction ends. */
export async function requireSponsors(db: Executor, tables: World['tables']): Promise<void> {
  const imported = sponsorsOf(tables).filter((slug) => findFixtureSponsor(slug) === undefined);
  if (imported.length === 0) return;
  const here = new Set(await lockProfiles(db, imported));
  const missing = imported.filter((slug) => !here.has(slug));
  if (missing.length === 0) return;
  throw fault('071-409-sponsor-missing', {
    errors: missing.map((slug) => ({ path: 'sponsor_slug', message: `${slug} is not in this sandbox` })),
  });
}

function sponsorsOf(tables: World['tables']): string[] {
  const named = new Set<string>();
  for (const { columns, rows } of Object.values(tables)) {
    const at = columns.indexOf('sponsor_slug');
    if (at === -1) continue;
    for (const row of rows) if (row[at] !== null) named.add(String(row[at]));
  }
  return [...named].sort();
}
