import type { SubscriptionCreate, SubscriptionPatch } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { realNow } from '../../platform/time.ts';
import { type DeliveryResource, newDeliveryResource } from '../deliveries/resource.ts';
import { recordPing } from '../events.ts';
import type { ReadContext } from '../read-context.ts';
import type { Admitted } from './admission.ts';
import { requireHeld, requireSubscription } from './lookup.ts';
import { type SubscriptionResource, type SubscriptionWithSecret, subscriptionResource } from './resource.ts';
import { scheduleKept } from './resumption.ts';
import { maxSubscriptions } from './rules.ts';
import { newSecret } from './secrets.ts';
import {
  holdSubscriptions,
  insertSecret,
  insertSubscription,
  deleteSubscription as removeSubscription,
  type SubscriptionRow,
  selectSubscriptions,
  updateSubscription,
} from './store.ts';

// Run what changes a subscription with `{ lock: 'exclusive' }`. It takes that lock in any case, but out of a shared
// one two of them at once are a deadlock on PostgreSQL, which costs a second and a retry.

export async function createSubscription(
  uow: UnitOfWork,
  input: Admitted<Static<typeof SubscriptionCreate>>,
): Promise<SubscriptionWithSecret> {
  const { provider_id } = uow.provider;
  // Held, so that two creations at nine do not both see nine.
  await holdSubscriptions(uow.db, { provider_id });
  const existing = await selectSubscriptions(uow.db, { provider_id });
  if (existing.length >= maxSubscriptions) throw fault('071-422-subscription-limit');
  const row: SubscriptionRow = {
    subscription_id: newId('subscription'),
    provider_id,
    url: input.url,
    event_types: JSON.stringify(input.event_types),
    retry_on: input.retry_on ?? 'non_2xx',
    status: 'ACTIVE',
    created_at: uow.now,
    updated_at: uow.now,
  };
  const secret = newSecret();
  await insertSubscription(uow.db, row);
  await insertSecret(uow.db, {
    subscription_id: row.subscription_id,
    secret,
    created_at_real: realNow(),
    expires_at_real: null,
  });
  return { ...subscriptionResource(row), secret };
}

/** Oldest first; ten at most, hence all of them. */
export async function listSubscriptions(context: ReadContext): Promise<SubscriptionResource[]> {
  const rows = await selectSubscriptions(context.db, { provider_id: context.provider.provider_id });
  return rows.map(subscriptionResource);
}

export async function getSubscription(
  context: ReadContext,
  subscription_id: string,
): Promise<SubscriptionResource> {
  return subscriptionResource(await requireSubscription(context, subscription_id));
}

export async function patchSubscription(
  uow: UnitOfWork,
  subscription_id: string,
  input: Admitted<Static<typeof SubscriptionPatch>>,
): Promise<SubscriptionResource> {
  await requireHeld(uow, subscription_id);
  const { url, event_types, retry_on } = input;
  const row = await updateSubscription(uow.db, subscription_id, {
    ...(url === undefined ? {} : { url }),
    ...(event_types === undefined ? {} : { event_types: JSON.stringify(event_types) }),
    ...(retry_on === undefined ? {} : { retry_on }),
    updated_at: uow.now,
  });
  return subscriptionResource(row);
}

export async function deleteSubscription(uow: UnitOfWork, subscription_id: string): Promise<void> {
  await removeSubscription(uow.db, await requireHeld(uow, subscription_id));
}

/** Nothing is sent from now on but what is on its way; events are kept. */
export async function pauseSubscription(
  uow: UnitOfWork,
  subscription_id: string,
): Promise<SubscriptionResource> {
  const row = await requireHeld(uow, subscription_id);
  if (row.status === 'PAUSED') return subscriptionResource(row);
  // Due work that is there removes itself when its time comes and it finds the pause.
  return subscriptionResource(
    await updateSubscription(uow.db, subscription_id, { status: 'PAUSED', updated_at: uow.now }),
  );
}

/** What was kept is sent, oldest first; a retry keeps its time when that is still to come. */
export async function resumeSubscription(
  uow: UnitOfWork,
  subscription_id: string,
): Promise<SubscriptionResource> {
  const row = await requireHeld(uow, subscription_id);
  if (row.status === 'ACTIVE') return subscriptionResource(row);
  const resumed = await updateSubscription(uow.db, subscription_id, {
    status: 'ACTIVE',
    updated_at: uow.now,
  });
  await scheduleKept(uow, { subscription_id, after: { created_at: 0, id: '' }, to: uow.now });
  return subscriptionResource(resumed);
}

/** A signed `test.ping` to this subscription alone; a paused one gets it when it is resumed. */
export async function pingSubscription(uow: UnitOfWork, subscription_id: string): Promise<DeliveryResource> {
  const row = await requireSubscription(uow, subscription_id);
  const [delivery] = await recordPing(uow, row);
  if (delivery === undefined) throw fault('071-404-subscription');
  return newDeliveryResource(delivery);
}
