import type { SubscriptionStatus } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import { newId } from '../platform/ids.ts';
import { insertDeliveries, type NewDelivery } from './store.ts';

/** The due work of sending one delivery once: its subject is the delivery, its lane the subscription. */
export const attemptKind = 'webhook.attempt';

export interface Addressee {
  readonly subscription_id: string;
  readonly status: SubscriptionStatus;
}

/**
 * Writes a pending delivery of the event for each addressee, due now. Of a paused one it is only kept: the due work
 * comes with `resume`, which a subscription cannot do beside this transaction (see `holdSubscriptions`).
 */
export async function enqueue(
  uow: UnitOfWork,
  event: { readonly event_id: string; readonly event_type: string },
  addressees: readonly Addressee[],
): Promise<readonly NewDelivery[]> {
  const deliveries = addressees.map(({ subscription_id }) => ({
    delivery_id: newId('delivery'),
    provider_id: uow.provider.provider_id,
    subscription_id,
    event_id: event.event_id,
    event_type: event.event_type,
    created_at: uow.now,
  }));
  await insertDeliveries(uow.db, deliveries);
  for (const [index, delivery] of deliveries.entries()) {
    if (addressees[index]?.status === 'ACTIVE') await scheduleAttempt(uow, delivery, uow.now);
  }
  return deliveries;
}

export function scheduleAttempt(
  uow: UnitOfWork,
  delivery: { readonly delivery_id: string; readonly subscription_id: string },
  due_at: number,
): Promise<void> {
  return uow.schedule({
    kind: attemptKind,
    subject_id: delivery.delivery_id,
    lane: delivery.subscription_id,
    due_at,
  });
}
