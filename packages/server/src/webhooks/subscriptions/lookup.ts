import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import type { ReadContext } from '../read-context.ts';
import { findSubscription, holdSubscriptions, type SubscriptionRow } from './store.ts';

/** To change it: nothing is recorded for it until the end of the transaction. */
export async function requireHeld(uow: UnitOfWork, subscription_id: string): Promise<SubscriptionRow> {
  await holdSubscriptions(uow.db, { provider_id: uow.provider.provider_id });
  return requireSubscription(uow, subscription_id);
}

export async function requireSubscription(
  context: ReadContext,
  subscription_id: string,
): Promise<SubscriptionRow> {
  const { provider_id } = context.provider;
  const [row] = await findSubscription(context.db, { provider_id, subscription_id });
  if (row === undefined) throw fault('071-404-subscription');
  return row;
}
