import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { moveAttempt } from './meet.ts';
import { endWait, selectPassed } from './store.ts';

/** Lets go what waited for a later delivery of its subscription to be attempted, as this one was. */
export async function releasePassed(
  uow: UnitOfWork,
  { subscription_id, delivery_id }: { readonly subscription_id: string; readonly delivery_id: string },
): Promise<void> {
  const passed = await selectPassed(uow.db, { subscription_id, delivery_id });
  for (const delivery of passed) {
    if ((await endWait(uow.db, { delivery_id: delivery.delivery_id })) === 0) continue;
    await moveAttempt(uow, delivery, uow.now);
  }
}
