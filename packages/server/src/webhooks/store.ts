import type { SubscriptionStatus } from '@osigu-sandbox/contract';
import type { DeliveryTable, EventTable } from '../store/database.ts';
import { insertion } from '../store/insertion.ts';
import { change, type Executor, lookup } from '../store/statement.ts';

/** Who may be interested in an event. */
export interface Recipient {
  readonly subscription_id: string;
  readonly status: SubscriptionStatus;
  /** JSON text. */
  readonly event_types: string;
}

export const selectRecipients = lookup<{ provider_id: string }, Recipient>(
  ['subscriptions'],
  (db, { provider_id }) =>
    db
      .selectFrom('subscriptions')
      .select(['subscription_id', 'status', 'event_types'])
      .where('provider_id', '=', provider_id)
      .orderBy('subscription_id'),
);

export const insertEvent = change<EventTable & Record<string, unknown>>((db, event) =>
  db.insertInto('events').values({
    event_id: event.event_id,
    provider_id: event.provider_id,
    event_type: event.event_type,
    resource_id: event.resource_id,
    created_at: event.created_at,
    body: event.body,
  }),
);

/** A delivery that was not tried yet; `created_at` is also when it falls due. */
export type NewDelivery = Pick<
  DeliveryTable,
  'delivery_id' | 'provider_id' | 'subscription_id' | 'event_id' | 'event_type' | 'created_at'
>;

const insertRows = insertion('deliveries', {
  delivery_id: 'text',
  provider_id: 'text',
  subscription_id: 'text',
  event_id: 'text',
  event_type: 'text',
  status: 'text',
  created_at: 'int',
  next_attempt_at: 'int',
});

export function insertDeliveries(db: Executor, deliveries: readonly NewDelivery[]): Promise<void> {
  const rows = deliveries.map(
    ({ delivery_id, provider_id, subscription_id, event_id, event_type, created_at }) => ({
      delivery_id,
      provider_id,
      subscription_id,
      event_id,
      event_type,
      status: 'PENDING',
      created_at,
      next_attempt_at: created_at,
    }),
  );
  return insertRows(db, rows);
}
