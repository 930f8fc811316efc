import type { DueHandler } from '../../engine/run-due.ts';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { recordCancelled } from './events.ts';
import { selectLinesOfDispensation } from './lines/store.ts';
import { type Locked, lockToClose } from './open.ts';
import { lockEntitlement } from './redemption.ts';
import { dispensationMachine } from './rules.ts';
import { selectDispensation, selectOpenOnForeignCodes, updateCancelled } from './store.ts';
import { type DispensationView, dispensationView } from './view.ts';

interface Cancellation {
  readonly cancelled_by: 'PHARMACY' | 'TIMEOUT';
  readonly cancellation_reason: string | null;
}

/** The pharmacy's own void. */
export async function voidDispensation(
  uow: UnitOfWork,
  dispensation_id: string,
  reason: string | undefined,
): Promise<DispensationView> {
  const locked = await lockToClose(uow, dispensation_id);
  return cancel(uow, locked, { cancelled_by: 'PHARMACY', cancellation_reason: reason ?? null });
}

/** Of kind `timeoutKind`: what was completed or voided in time is left alone. */
export const dispensationTimeout: DueHandler = {
  effect: async (uow, { subject_id: dispensation_id }) => {
    const { provider_id } = uow.provider;
    const [present] = await selectDispensation(uow.db, { provider_id, dispensation_id });
    if (present === undefined) return;
    const locked = await lockToClose(uow, dispensation_id);
    if (locked.dispensation.status !== 'STARTED') return;
    await cancel(uow, locked, { cancelled_by: 'TIMEOUT', cancellation_reason: null });
  },
};

/** Before a provider is wiped: what it holds open on codes of others goes back to them. */
export async function releaseForeignCodes(uow: UnitOfWork): Promise<void> {
  const open = await selectOpenOnForeignCodes(uow.db, { provider_id: uow.provider.provider_id });
  for (const { dispensation_id } of open)
    await voidDispensation(uow, dispensation_id, 'The pharmacy was reset.');
}

/** Gives the quantities back to the code. */
async function cancel(
  uow: UnitOfWork,
  { dispensation, owner }: Locked,
  how: Cancellation,
): Promise<DispensationView> {
  step(dispensationMachine, dispensation.status, 'cancel');
  const { dispensation_id } = dispensation;
  const cancellation = { ...how, cancelled_at: uow.now };
  if ((await updateCancelled(uow.db, { dispensation_id, ...cancellation })) === 0) {
    throw fault('071-409-dispensation-closed');
  }
  const entitlement = await lockEntitlement(uow, owner, dispensation);
  const lines = await selectLinesOfDispensation(uow.db, { dispensation_id });
  await entitlement.giveBack(lines);
  await recordCancelled(owner, dispensation, cancellation);
  return dispensationView({ ...dispensation, ...cancellation, status: 'CANCELLED' }, lines);
}
