import { type Authorization, pay } from './authorization.ts';
import type { Claim } from './claim.ts';
import { notPaid, type Sponsor } from './sponsors.ts';
import type { Site, Verdict, World } from './world.ts';

/** Contract section 12. */
export interface Settlement {
  id: string;
  readonly site: Site;
  readonly sponsor: Sponsor;
  status: 'OPEN' | 'SUBMITTED' | 'ACCEPTED' | 'PARTIALLY_ACCEPTED' | 'REJECTED';
  members: Member[];
  documents: string[];
  evaluated_at: number | null;
}

export interface Member {
  readonly claim: Claim;
  status: 'ATTACHED' | 'PAID' | 'REJECTED';
}

export function open(world: World, site: Site, sponsor: Sponsor): Verdict {
  if (sponsor.settles !== 'BATCH') return '071-422-settlement-not-batch';
  const empty = { members: [], documents: [], evaluated_at: null };
  world.settlements.push({ id: '', site, sponsor, status: 'OPEN', ...empty });
  return 'done';
}

/** One that refused it does not count. */
function liveBatchOf(world: World, claim: Claim): Settlement | undefined {
  return world.settlements.find(({ members }) =>
    members.some((member) => member.claim === claim && member.status !== 'REJECTED'),
  );
}

/** Completed claims of this sponsor in no live batch. */
export function pendingFor(world: World, { site, sponsor }: Settlement): Claim[] {
  return world.claims.filter(
    (claim) =>
      claim.site === site &&
      claim.sponsor === sponsor &&
      claim.status === 'COMPLETED' &&
      liveBatchOf(world, claim) === undefined,
  );
}

export type Names = readonly Claim[] | readonly Authorization[];

/** All or nothing. */
export function attach(world: World, settlement: Settlement, site: Site, names: Names): Verdict {
  if (settlement.site !== site) return '071-404-settlement';
  const pending = pendingFor(world, settlement);
  const named = names.map((name) =>
    world.claims.filter((claim) => claim.site === site && (claim === name || claim.authorization === name)),
  );
  const attached = named.flatMap((claims) => claims.filter((claim) => pending.includes(claim)));
  const inBatch = (claims: readonly Claim[]) =>
    claims.some((claim) => claim.sponsor === settlement.sponsor && liveBatchOf(world, claim) !== undefined);
  const hopeless = named.filter((claims) => !claims.some((claim) => pending.includes(claim)));
  const twice = new Set<unknown>(names).size < names.length;
  if (twice || hopeless.some((claims) => !inBatch(claims))) return '071-422-validation';
  if (settlement.status !== 'OPEN') return '071-409-settlement-dispatched';
  if (hopeless.length > 0) return '071-409-claim-in-batch';
  settlement.members.push(...attached.map((claim): Member => ({ claim, status: 'ATTACHED' })));
  return 'done';
}

export function detach(settlement: Settlement, site: Site, name: Claim | Authorization): Verdict {
  if (settlement.site !== site) return '071-404-settlement';
  const stay = settlement.members.filter(({ claim }) => claim !== name && claim.authorization !== name);
  if (stay.length === settlement.members.length) return '071-404-settlement-claim';
  if (settlement.status !== 'OPEN') return '071-409-settlement-dispatched';
  settlement.members = stay;
  return 'done';
}

/** A claim that is voided leaves an open batch; one that was dispatched keeps it. */
export function leave(world: World, claim: Claim): boolean {
  const batch = liveBatchOf(world, claim);
  if (batch === undefined) return true;
  return detach(batch, batch.site, claim) === 'done';
}

export function addDocument(settlement: Settlement, site: Site): Verdict {
  if (settlement.site !== site) return '071-404-settlement';
  return settlement.status === 'OPEN' ? 'done' : '071-409-settlement-dispatched';
}

export function removeDocument(settlement: Settlement, site: Site, id: string): Verdict {
  if (settlement.site !== site) return '071-404-settlement';
  if (!settlement.documents.includes(id)) return '071-404-settlement-document';
  if (settlement.status !== 'OPEN') return '071-409-settlement-dispatched';
  settlement.documents = settlement.documents.filter((each) => each !== id);
  return 'done';
}

export function dispatch(settlement: Settlement, site: Site): Verdict {
  if (settlement.site !== site) return '071-404-settlement';
  if (settlement.members.length === 0) return '071-422-settlement-empty';
  if (settlement.status !== 'OPEN') return '071-409-settlement-dispatched';
  settlement.status = 'SUBMITTED';
  settlement.evaluated_at = site.now + 30;
  return 'done';
}

export interface Resolution {
  readonly decision: 'ACCEPTED' | 'REJECTED' | 'PARTIALLY_ACCEPTED';
  readonly rejected: readonly Claim[];
}

/** The sponsor's hand. */
export function resolve(settlement: Settlement, site: Site, { decision, rejected }: Resolution): Verdict {
  if (settlement.site !== site) return '071-404-settlement';
  const { members, status } = settlement;
  const inside = rejected.every((claim) => members.some((member) => member.claim === claim));
  const twice = new Set(rejected).size < rejected.length;
  const some = rejected.length > 0 && rejected.length < members.length;
  const fits = decision === 'REJECTED' || (decision === 'ACCEPTED' ? rejected.length === 0 : some);
  if (!inside || twice || !fits) return '071-422-validation';
  if (status === 'OPEN') return '071-409-settlement-open';
  if (status !== 'SUBMITTED') return '071-409-settlement-resolved';
  conclude(settlement, (claim) => decision === 'REJECTED' || rejected.includes(claim));
  return 'done';
}

/** By itself, after a while: the magic product is never paid. */
export function evaluate(settlement: Settlement): void {
  conclude(settlement, ({ items }) => items.some((item) => item.product_code === notPaid));
}

/** Accepted claims are paid at once, and so are their authorizations; refused ones are pending again. */
function conclude(settlement: Settlement, isRefused: (claim: Claim) => boolean): void {
  const { members } = settlement;
  for (const member of members) {
    const { claim } = member;
    member.status = isRefused(claim) ? 'REJECTED' : 'PAID';
    if (member.status === 'REJECTED') continue;
    claim.status = 'PAID';
    if (claim.authorization !== undefined) pay(claim.authorization);
  }
  const paid = members.filter((member) => member.status === 'PAID').length;
  if (paid === members.length) settlement.status = 'ACCEPTED';
  else settlement.status = paid === 0 ? 'REJECTED' : 'PARTIALLY_ACCEPTED';
}

export function evaluationOf({ status, evaluated_at }: Settlement): number | null {
  return status === 'SUBMITTED' ? evaluated_at : null;
}
