import type { DueHandler } from '../../engine/run-due.ts';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { releaseRedeemed } from '../authorizations/authorizations.ts';
import { leaveOpenBatch } from '../settlements/membership.ts';
import { lockAuthorized } from './entitlement.ts';
import { takenBy } from './lines/line.ts';
import { selectLinesOfClaim } from './lines/store.ts';
import { claimExpiryKind, type LockedClaim, lockClaimToClose, requireClaim } from './open.ts';
import { describeClaim } from './read.ts';
import { type ClaimFamily, claimMachine } from './rules.ts';
import {
  type ClaimRow,
  selectClaim,
  selectOpenOnForeignAuthorizations,
  updateClaimExpired,
  updateClaimVoided,
  withdrawOpenOfOthers,
} from './store.ts';
import type { ClaimView } from './view.ts';

/** From OPEN or COMPLETED, unless the sponsor has it before it in a batch. What it took is free again. */
export async function voidClaim(
  uow: UnitOfWork,
  family: ClaimFamily,
  claim_id: string,
  reason: string | undefined,
): Promise<ClaimView> {
  return endByVoid(uow, await requireClaim(uow, family, claim_id), reason ?? null);
}

async function endByVoid(uow: UnitOfWork, row: ClaimRow, void_reason: string | null): Promise<ClaimView> {
  const locked = await lockClaimToClose(uow, row);
  const { claim } = locked;
  const { claim_id } = claim;
  const status = step(claimMachine, claim.status, 'void');
  await leaveOpenBatch(uow, claim_id);
  const ending = { voided_at: uow.now, void_reason };
  if ((await updateClaimVoided(uow.db, { claim_id, ...ending })) === 0) throw fault('071-409-claim-closed');
  await free(uow, locked);
  return describeClaim(uow, { ...claim, ...ending, status });
}

/** Of kind `claimExpiryKind`: what was completed or voided in time is left alone. */
export const claimExpiry: DueHandler = {
  effect: async (uow, { subject_id: claim_id }) => {
    const [present] = await selectClaim(uow.db, { provider_id: uow.provider.provider_id, claim_id });
    if (present === undefined) return;
    const locked = await lockClaimToClose(uow, present);
    if (locked.claim.status !== 'OPEN') return;
    await updateClaimExpired(uow.db, { claim_id });
    await free(uow, locked);
  },
};

/** `claim` as it was before: an OPEN one held its quantities, a COMPLETED one had redeemed them. */
async function free(uow: UnitOfWork, { claim, owner }: LockedClaim): Promise<void> {
  const { claim_id, authorization_id, status } = claim;
  if (authorization_id === null) return;
  const taken = takenBy(await selectLinesOfClaim(uow.db, { claim_id }));
  if (status === 'OPEN') await (await lockAuthorized(uow, owner, authorization_id)).giveBack(taken);
  else await releaseRedeemed(owner, authorization_id, taken);
}

/** Before a provider is wiped: what its OPEN claims hold of others goes back to them. */
export async function releaseForeignAuthorizations(uow: UnitOfWork): Promise<void> {
  const open = await selectOpenOnForeignAuthorizations(uow.db, { provider_id: uow.provider.provider_id });
  for (const claim of open) await endByVoid(uow, claim, 'The provider was reset.');
}

/** Before a provider is wiped: OPEN claims of others on its authorizations are voided; nothing needs to be returned. */
export async function withdrawAuthorizationsFromOthers(uow: UnitOfWork): Promise<void> {
  const withdrawn = await withdrawOpenOfOthers(uow.db, {
    owner_provider_id: uow.provider.provider_id,
    voided_at: uow.now,
  });
  for (const { claim_id } of withdrawn) await uow.unschedule(claimExpiryKind, claim_id);
}
