import type { UnitsOfWork } from '../../engine/unit-of-work.ts';
import { pauseSubscription } from './service.ts';
import { deleteSomeDeliveries, deleteSomeWork, hasManyDeliveries, rowsAtOnce } from './store.ts';

/**
 * For one that is about to be deleted: pauses it and removes most of what it has, a little in each transaction, for
 * nobody else of the sandbox writes during one. Whoever is broken off here finds it paused and deletes it again.
 */
export async function emptySubscription(
  units: UnitsOfWork,
  provider_id: string,
  subscription_id: string,
): Promise<void> {
  if (!(await hasManyDeliveries(units.store.db, { provider_id, subscription_id }))) return;
  await units.run(provider_id, (uow) => pauseSubscription(uow, subscription_id), { lock: 'exclusive' });
  for (const removeSome of [deleteSomeWork, deleteSomeDeliveries]) {
    let removed = rowsAtOnce;
    while (removed === rowsAtOnce) {
      removed = await units.run(provider_id, ({ db }) => removeSome(db, { provider_id, subscription_id }));
    }
  }
}
