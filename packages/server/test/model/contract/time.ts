import * as authorizations from './authorization.ts';
import * as claims from './claim.ts';
import * as dispensations from './dispensation.ts';
import * as prescriptions from './prescription.ts';
import * as requests from './request.ts';
import * as settlements from './settlement.ts';
import type { Site, World } from './world.ts';

interface Due {
  readonly at: number;
  readonly happen: () => void;
}

/** What happens by itself when the clock of one provider moves, in its order. Other clocks stand still. */
export function advance(world: World, site: Site, seconds: number): void {
  const target = site.now + seconds;
  for (;;) {
    const next = dueAt(world, site)
      .filter(({ at }) => at <= target)
      .toSorted((one, other) => one.at - other.at)[0];
    if (next === undefined) break;
    site.now = Math.max(site.now, next.at);
    next.happen();
  }
  site.now = target;
}

function dueAt(world: World, site: Site): Due[] {
  const due: Due[] = [];
  const add = (at: number | null, happen: () => void) => {
    if (at !== null) due.push({ at, happen });
  };
  const owned = <T extends { readonly owner: Site }>(all: readonly T[]) =>
    all.filter(({ owner }) => owner === site);
  const here = <T extends { readonly site: Site }>(all: readonly T[]) =>
    all.filter((each) => each.site === site);
  for (const each of owned(world.requests)) add(requests.decisionOf(each), () => requests.decisionDue(each));
  for (const each of here(world.dispensations))
    add(dispensations.timeoutOf(each), () => dispensations.cancelBy(each, 'TIMEOUT'));
  for (const each of here(world.claims)) add(claims.expiryOf(each), () => claims.expire(each));
  for (const each of here(world.settlements))
    add(settlements.evaluationOf(each), () => settlements.evaluate(each));
  for (const each of owned(world.authorizations))
    add(authorizations.expiryOf(each), () => {
      each.status = 'EXPIRED';
    });
  for (const each of owned(world.prescriptions))
    add(prescriptions.expiryOf(each), () => {
      each.status = 'EXPIRED';
    });
  return due;
}
