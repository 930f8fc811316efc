import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { takesAll } from '../dispensing/quantities/allocation.ts';
import { lockAuthorized } from './entitlement.ts';
import { takenBy } from './lines/line.ts';
import { selectLinesOfClaim } from './lines/store.ts';
import { lockClaimToClose, requireClaim } from './open.ts';
import { describeClaim } from './read.ts';
import { type ClaimFamily, claimMachine } from './rules.ts';
import { drawSponsorTransaction } from './sponsor-transaction.ts';
import { updateClaimCompleted } from './store.ts';
import { type ClaimView, type Completion, completionText } from './view.ts';

/**
 * Redeems what the claim holds. That stays good: of an authorization that expired meanwhile the claim is completed all
 * the same, only the status of the authorization no longer changes.
 */
export async function completeClaim(
  uow: UnitOfWork,
  family: ClaimFamily,
  claim_id: string,
  input: Completion,
): Promise<ClaimView> {
  const { claim, owner } = await lockClaimToClose(uow, await requireClaim(uow, family, claim_id));
  const status = step(claimMachine, claim.status, 'complete');
  const completion = {
    claim_id,
    sponsor_transaction_id: drawSponsorTransaction(),
    completion: completionText(input),
    completed_at: uow.now,
  };
  if ((await updateClaimCompleted(uow.db, completion)) === 0) throw fault('071-409-claim-closed');
  if (claim.authorization_id !== null) {
    const entitlement = await lockAuthorized(uow, owner, claim.authorization_id);
    const taken = takenBy(await selectLinesOfClaim(uow.db, { claim_id }));
    await entitlement.redeem(taken, takesAll(entitlement.lines, taken));
  }
  return describeClaim(uow, { ...claim, ...completion, status });
}
