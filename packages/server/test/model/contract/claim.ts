import { type Authorization, mayClaim, redeem, release, standing } from './authorization.ts';
import { fatesOf, giveBack, hold, type Taken, type Wanted } from './code.ts';
import type { Dispensation } from './dispensation.ts';
import { leave } from './settlement.ts';
import { notRegistered, type Person, type Sponsor } from './sponsors.ts';
import { days, type Site, type Verdict, type World } from './world.ts';

/** Contract section 11. */
export interface Claim {
  id: string;
  readonly site: Site;
  readonly family: Family;
  readonly authorization: Authorization | undefined;
  readonly sponsor: Sponsor;
  items: readonly Wanted[];
  taken: readonly Taken[];
  status: 'OPEN' | 'COMPLETED' | 'VOIDED' | 'EXPIRED' | 'PAID';
  readonly expires_at: number;
}

/** A claim that a dispensation created reads as outpatient care. */
export type Family = 'outpatient' | 'procedure';

export interface NewClaim {
  readonly family: Family;
  readonly authorization: Authorization | undefined;
  readonly sponsor: Sponsor;
  readonly person: Person;
  readonly items: readonly Item[];
}

export interface Item extends Wanted {
  readonly product_type: string;
}

export function create(world: World, site: Site, input: NewClaim): Verdict {
  const { family, authorization, sponsor, person, items } = input;
  // The narrow sibling: one procedure, authorized before.
  if (family === 'procedure' && (authorization === undefined || items.length !== 1))
    return '071-422-validation';
  const findings = new Set(mistakesIn(family, authorization, site, items));
  if (authorization !== undefined && mayClaim(authorization, site)) {
    if (authorization.person !== person) findings.add('071-422-beneficiary-mismatch');
    if (authorization.sponsor !== sponsor) findings.add('071-422-validation');
  }
  const verdict = mistake(findings);
  if (verdict !== 'done') return verdict;
  if (person.coverage === 'expired') return '071-422-coverage-inactive';
  const conflict = conflictOf(authorization, items);
  if (conflict !== 'done') return conflict;
  world.claims.push({
    id: '',
    site,
    family,
    authorization,
    sponsor,
    items,
    taken: hold(authorization?.lines ?? [], items),
    status: 'OPEN',
    expires_at: site.now + 30 * days,
  });
  return 'done';
}

/** One kind of mistake has its own code; different ones together the general one. */
function mistake(findings: ReadonlySet<Verdict>): Verdict {
  const [first, second] = findings;
  return second === undefined ? (first ?? 'done') : '071-422-validation';
}

function mistakesIn(
  family: Family,
  authorization: Authorization | undefined,
  site: Site,
  items: readonly Item[],
): Verdict[] {
  const mistakes: Verdict[] = [];
  if (items.some((item) => item.product_code === notRegistered)) mistakes.push('071-104');
  if (family === 'procedure' && items.some((item) => item.product_type !== 'PROCEDURE'))
    mistakes.push('071-422-validation');
  if (authorization === undefined) return mistakes;
  if (!mayClaim(authorization, site)) return [...mistakes, '071-422-validation'];
  // Where nothing was granted at all, its state says what is wrong.
  if (authorization.lines.every((line) => line.authorized === 0)) return mistakes;
  const fates = fatesOf(authorization.lines, items);
  const wrong = fates.some((fate) => fate === 'never authorized' || fate === 'not on the code');
  return wrong ? [...mistakes, '071-422-validation'] : mistakes;
}

/** What was authorized and is gone is a conflict, here also where it is redeemed. */
function conflictOf(authorization: Authorization | undefined, items: readonly Item[]): Verdict {
  if (authorization === undefined) return 'done';
  const verdict = standing(authorization);
  if (verdict !== 'done') return verdict;
  const fates = fatesOf(authorization.lines, items);
  if (fates.includes('redeemed')) return '071-409-already-dispensed';
  return fates.includes('held') ? '071-409-quantity-held' : 'done';
}

/** A dispensation of an authorization is claimed by itself. */
export function bear(
  world: World,
  { site, wanted, taken }: Dispensation,
  authorization: Authorization,
): Claim {
  const { sponsor } = authorization;
  const claim: Claim = {
    id: '',
    site,
    family: 'outpatient',
    authorization,
    sponsor,
    items: wanted,
    taken,
    status: 'COMPLETED',
    expires_at: Number.POSITIVE_INFINITY,
  };
  world.claims.push(claim);
  return claim;
}

const isKnown = (claim: Claim, site: Site, family: Family) => claim.site === site && claim.family === family;

/** PATCH: what it holds counts as free. When it cannot be done the former lines stay. */
export function replace(claim: Claim, site: Site, family: Family, items: readonly Item[]): Verdict {
  if (!isKnown(claim, site, family)) return '071-404-claim';
  if (family === 'procedure' && items.length !== 1) return '071-422-validation';
  if (claim.status !== 'OPEN') return '071-409-claim-closed';
  const { authorization } = claim;
  giveBack(claim.taken);
  const mistaken = mistake(new Set(mistakesIn(family, authorization, site, items)));
  const verdict = mistaken === 'done' ? conflictOf(authorization, items) : mistaken;
  if (verdict === 'done') {
    claim.items = items;
    claim.taken = hold(authorization?.lines ?? [], items);
  } else for (const { line, quantity } of claim.taken) line.held += quantity;
  return verdict;
}

export function complete(claim: Claim, site: Site, family: Family): Verdict {
  if (!isKnown(claim, site, family)) return '071-404-claim';
  if (claim.status !== 'OPEN') return '071-409-claim-closed';
  claim.status = 'COMPLETED';
  if (claim.authorization !== undefined) redeem(claim.authorization, claim.taken);
  return 'done';
}

export function addFile(claim: Claim, site: Site, family: Family): Verdict {
  if (!isKnown(claim, site, family)) return '071-404-claim';
  return claim.status === 'OPEN' ? 'done' : '071-409-claim-closed';
}

/** Everything that it took is free again. */
export function voidClaim(world: World, claim: Claim, site: Site, family: Family): Verdict {
  if (!isKnown(claim, site, family)) return '071-404-claim';
  if (claim.status !== 'OPEN' && claim.status !== 'COMPLETED') return '071-409-claim-closed';
  if (!leave(world, claim)) return '071-409-claim-in-batch';
  if (claim.status === 'OPEN') giveBack(claim.taken);
  else if (claim.authorization !== undefined) release(claim.authorization, claim.taken);
  claim.status = 'VOIDED';
  return 'done';
}

export function expire(claim: Claim): void {
  claim.status = 'EXPIRED';
  giveBack(claim.taken);
}

export function expiryOf({ status, expires_at }: Claim): number | null {
  return status === 'OPEN' ? expires_at : null;
}
