import type { SubscriptionStatus } from '@osigu-sandbox/contract';
import type { Scheduling } from '../engine/due-work.ts';
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
  event: { readonly event_id: string; readonly event_type: string; readonly resource_id: string },
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
  const { resource_id } = event;
  for (const [index, delivery] of deliveries.entries()) {
    if (addressees[index]?.status !== 'ACTIVE') continue;
    await scheduleAttempt(uow, { ...delivery, resource_id }, uow.now);
  }
  return deliveries;
}

/** Pending deliveries of many events, in their order, for one subscription; due now, or kept while it is paused. */
export async function enqueueAll(
  uow: UnitOfWork,
  events: readonly { readonly event_id: string; readonly event_type: string; readonly resource_id: string }[],
  { subscription_id, status }: Addressee,
): Promise<void> {
  const { provider_id } = uow.provider;
  const rows = events.map(({ event_id, event_type, resource_id }) => ({
    delivery: { delivery_id: newId('delivery'), provider_id, subscription_id, event_id, event_type },
    resource_id,
  }));
  const created_at = uow.now;
  await insertDeliveries(
    uow.db,
    rows.map(({ delivery }) => ({ ...delivery, created_at })),
  );
  if (status !== 'ACTIVE') return;
  const due = rows.map(({ delivery, resource_id }) => ({ ...delivery, resource_id, due_at: created_at }));
  await scheduleAttempts(uow, due);
}

interface Due {
  readonly delivery_id: string;
  readonly subscription_id: string;
  /** What it is about: deliveries about the same follow each other, as far as that is possible; null: it follows nobody. */
  readonly resource_id: string | null;
  readonly due_at: number;
}

export function scheduleAttempt(
  uow: UnitOfWork,
  delivery: Omit<Due, 'due_at'>,
  due_at: number,
): Promise<void> {
  return uow.schedule(schedulingOf({ ...delivery, due_at }));
}

export function scheduleAttempts(uow: UnitOfWork, deliveries: readonly Due[]): Promise<void> {
  return uow.scheduleAll(deliveries.map(schedulingOf));
}

function schedulingOf({ delivery_id, subscription_id, resource_id, due_at }: Due): Scheduling {
  return {
    kind: attemptKind,
    subject_id: delivery_id,
    lane: subscription_id,
    ...(resource_id !== null && { sequence_key: resource_id }),
    due_at,
  };
}
