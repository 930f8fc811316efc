import { offsetAt } from '../../../engine/clock.ts';
import type { UnitOfWork } from '../../../engine/unit-of-work.ts';
import { realNow } from '../../../platform/time.ts';
import { releaseForeignAuthorizations, withdrawAuthorizationsFromOthers } from '../../claims/close.ts';
import { releaseForeignCodes } from '../../dispensing/cancel.ts';
import { timeoutKind } from '../../dispensing/open.ts';
import { requireSponsors } from './sponsors.ts';
import { insertRows, wipeRows } from './store.ts';
import { type WorldTable, worldColumns } from './tables.ts';
import type { World } from './world.ts';

/**
 * The provider is as it was when `world` was taken, its clock included. For a transaction that
 * locks it exclusively. Answers the offset of the clock.
 */
export async function restoreWorld(uow: UnitOfWork, world: World): Promise<number> {
  await requireSponsors(uow.db, world.tables);
  await endWorld(uow, () => true);
  const clock_offset = offsetAt(world.clock);
  await beginWorld(uow, clock_offset, world.provider);
  uow.announce(await insertRows(uow.db, world.tables, clock_offset));
  return clock_offset;
}

/** Wipes; what is held of others goes back to them, and what others hold is withdrawn. */
export async function endWorld(uow: UnitOfWork, which: (table: WorldTable) => boolean): Promise<void> {
  await releaseForeignCodes(uow);
  await releaseForeignAuthorizations(uow);
  await withdrawFromOthers(uow);
  await withdrawAuthorizationsFromOthers(uow);
  await wipeRows(uow.db, uow.provider.provider_id, which);
}

const nothing = Object.fromEntries(worldColumns.map((column) => [column, null]));

/** `reset_at_real` tells one world from the next: no two have the same. */
export async function beginWorld(
  uow: UnitOfWork,
  clock_offset: number,
  columns: World['provider'] = nothing,
): Promise<void> {
  const { provider_id, reset_at_real } = uow.provider;
  await uow.db
    .updateTable('providers')
    .set({ ...columns, clock_offset, reset_at_real: Math.max(realNow(), (reset_at_real ?? 0) + 1) })
    .where('provider_id', '=', provider_id)
    .execute();
}

/** Codes of this provider that others hold open are gone: their dispensations are cancelled, quantities need no return. */
async function withdrawFromOthers(uow: UnitOfWork): Promise<void> {
  const { provider_id } = uow.provider;
  const cancelled = await uow.db
    .updateTable('dispensations')
    .set({
      status: 'CANCELLED',
      cancelled_at: uow.now,
      cancellation_reason: 'The owner of the code was reset.',
    })
    .where('owner_provider_id', '=', provider_id)
    .where('provider_id', '!=', provider_id)
    .where('status', '=', 'STARTED')
    .returning('dispensation_id')
    .execute();
  if (cancelled.length === 0) return;
  await uow.db
    .deleteFrom('due_work')
    .where('kind', '=', timeoutKind)
    .where(
      'subject_id',
      'in',
      cancelled.map((row) => row.dispensation_id),
    )
    .execute();
}
