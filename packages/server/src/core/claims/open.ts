import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { ownerOf } from '../dispensing/entitlement.ts';
import { type ClaimFamily, familyOf } from './rules.ts';
import { type ClaimRow, lockClaim, selectClaim } from './store.ts';

/** Due work: ends a claim that was left open; its subject is the claim. */
export const claimExpiryKind = 'claim.expiry';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

export async function requireClaim(
  context: Context,
  family: ClaimFamily,
  claim_id: string,
): Promise<ClaimRow> {
  const { provider_id } = context.provider;
  const [row] = await selectClaim(context.db, { provider_id, claim_id });
  if (row === undefined || familyOf(row.kind) !== family) throw fault('071-404-claim');
  return row;
}

export interface LockedClaim {
  readonly claim: ClaimRow;
  /** The tenant that owns the authorization; the provider itself where there is none. */
  readonly owner: UnitOfWork;
}

/**
 * A claim, for this transaction alone. Everybody takes locks in one order, so that no two wait for each other:
 * tenants, the expiry's row, the claim, the batch that it is in, its authorization.
 */
export async function lockOwnClaim(uow: UnitOfWork, claim: ClaimRow): Promise<LockedClaim> {
  return lock(uow, claim, await ownerOfClaim(uow, claim));
}

/** As `lockOwnClaim`, for those that end it; the expiry then has nothing left to do. */
export async function lockClaimToClose(uow: UnitOfWork, claim: ClaimRow): Promise<LockedClaim> {
  const owner = await ownerOfClaim(uow, claim);
  await uow.unschedule(claimExpiryKind, claim.claim_id);
  return lock(uow, claim, owner);
}

async function ownerOfClaim(uow: UnitOfWork, { owner_provider_id }: ClaimRow): Promise<UnitOfWork> {
  return owner_provider_id === null ? uow : ownerOf(uow, owner_provider_id);
}

async function lock(uow: UnitOfWork, { claim_id }: ClaimRow, owner: UnitOfWork): Promise<LockedClaim> {
  const { provider_id } = uow.provider;
  const [claim] = await lockClaim(uow.db, { provider_id, claim_id });
  if (claim === undefined) throw fault('071-404-claim');
  return { claim, owner };
}
