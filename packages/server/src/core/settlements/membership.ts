import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import type { Executor } from '../../store/statement.ts';
import { deleteMember, selectLiveMembership, selectRefusals } from './members/store.ts';
import { lockSettlement } from './store.ts';

/**
 * For a claim that is being voided: it leaves a batch that is open; one that was dispatched keeps it (409). To be
 * asked when the claim's row is locked: everybody takes the claims first and the batch after.
 */
export async function leaveOpenBatch(uow: UnitOfWork, claim_id: string): Promise<void> {
  const [membership] = await selectLiveMembership(uow.db, { claim_id });
  if (membership === undefined) return;
  const { settlement_id } = membership;
  const [settlement] = await lockSettlement(uow.db, {
    provider_id: uow.provider.provider_id,
    settlement_id,
  });
  if (settlement?.status !== 'OPEN') throw fault('071-409-claim-in-batch');
  await deleteMember(uow.db, { settlement_id, claim_id });
}

export interface Refusal {
  readonly settlement_id: string;
  readonly rejection_reason: string;
}

/** The last settlement that refused each of the claims, by claim. */
export async function lastRefusals(
  db: Executor,
  claim_ids: readonly string[],
): Promise<Map<string, Refusal>> {
  if (claim_ids.length === 0) return new Map();
  const rows = await selectRefusals(db, claim_ids);
  return new Map(
    rows.map(({ claim_id, settlement_id, rejection_reason }) => [
      claim_id,
      { settlement_id, rejection_reason: rejection_reason ?? '' },
    ]),
  );
}
