import type { Subscription, SubscriptionCreated } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import { isoTimestamp } from '../../platform/time.ts';
import type { SubscriptionRow } from './store.ts';

export type SubscriptionResource = Static<typeof Subscription>;
/** With the secret: the only time it is shown. */
export type SubscriptionWithSecret = Static<typeof SubscriptionCreated>;

export function subscriptionResource(row: SubscriptionRow): SubscriptionResource {
  return {
    subscription_id: row.subscription_id,
    url: row.url,
    event_types: JSON.parse(row.event_types) as string[],
    retry_on: row.retry_on,
    status: row.status,
    created_at: isoTimestamp(row.created_at),
    updated_at: isoTimestamp(row.updated_at),
  };
}
