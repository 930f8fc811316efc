import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, rejectIssues } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { unsupportedTypes } from '../catalogues/product-checks.ts';
import type { Entitlement } from '../dispensing/entitlement.ts';
import { sponsorOf } from '../sponsors/sponsors.ts';
import { lockAuthorized } from './entitlement.ts';
import { rejectFindings } from './findings.ts';
import { takenBy } from './lines/line.ts';
import { deleteLinesOfClaim, insertLinesOfClaim, selectLinesOfClaim } from './lines/store.ts';
import { type LockedClaim, lockOwnClaim, requireClaim } from './open.ts';
import { type ClaimedItem, planClaim } from './plan.ts';
import { describeClaim } from './read.ts';
import { type ClaimFamily, claimMachine } from './rules.ts';
import { sharedAmounts } from './shares.ts';
import { updateClaimAmounts } from './store.ts';
import type { ClaimView } from './view.ts';

/**
 * Replaces the lines of an OPEN claim: gives everything back and takes anew, so the authorization must still be
 * redeemable. When it cannot be done, the transaction leaves the former lines as they were.
 */
export async function updateClaim(
  uow: UnitOfWork,
  family: ClaimFamily,
  claim_id: string,
  items: readonly ClaimedItem[],
): Promise<ClaimView> {
  const locked = await lockOwnClaim(uow, await requireClaim(uow, family, claim_id));
  const { claim } = locked;
  // A closed one holds nothing that the new lines could be compared with: 409 at once.
  step(claimMachine, claim.status, 'update');
  const sponsor = await sponsorOf(uow.db, claim);
  const entitlement = await takeBack(uow, locked);
  const plan = await planClaim(uow, items, {
    family,
    currency_code: claim.currency_code,
    entitled: entitlement?.lines,
    consultations: entitlement === undefined ? sponsor.consultation_product_codes : null,
  });
  rejectFindings(plan.findings);
  rejectIssues(unsupportedTypes(items, 'line_items', sponsor), '071-422-product-type-unsupported');
  entitlement?.requireRedeemable();
  if (plan.conflict !== undefined) throw fault(plan.conflict);

  await entitlement?.hold(takenBy(plan.lines));
  await deleteLinesOfClaim(uow.db, { claim_id });
  await insertLinesOfClaim(uow.db, claim_id, plan.lines);
  const { total_amount: amount, ...shares } = sharedAmounts(plan.lines, sponsor);
  await updateClaimAmounts(uow.db, { claim_id, amount, ...shares });
  return describeClaim(uow, { ...claim, amount, ...shares });
}

/** Gives back what the claim holds; the authorization as it is then. */
async function takeBack(uow: UnitOfWork, { claim, owner }: LockedClaim): Promise<Entitlement | undefined> {
  const { claim_id, authorization_id } = claim;
  if (authorization_id === null) return undefined;
  const held = await lockAuthorized(uow, owner, authorization_id);
  await held.giveBack(takenBy(await selectLinesOfClaim(uow.db, { claim_id })));
  return lockAuthorized(uow, owner, authorization_id);
}
