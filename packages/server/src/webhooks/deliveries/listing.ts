import { type DeliveryStatus, deliveryStatuses, eventTypes } from '@osigu-sandbox/contract';
import { pingType } from '../ping.ts';
import type { Position, Ranges } from '../ranges.ts';
import type { ReadContext } from '../read-context.ts';
import { selectSubscriptions } from '../subscriptions/store.ts';

export interface Period {
  /** On the provider's clock, milliseconds, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface DeliveryFilter extends Period {
  readonly event_type?: string | undefined;
  readonly subscription_id?: string | undefined;
  readonly status?: DeliveryStatus | undefined;
}

/** So many rows of a list can be paged through and are counted; beyond, `from` and `to` lead on. */
export const longestList = 10_000;

/** Every type that a delivery can have. */
export const typesDelivered: readonly string[] = [...eventTypes, pingType];

/**
 * Any filter as ranges of an index: three by status alone, otherwise one for each subscription, status and type that
 * is not ruled out. A provider has at most ten subscriptions, all of its deliveries belong to them.
 */
export async function deliveryRanges(context: ReadContext, filter: DeliveryFilter): Promise<Ranges> {
  const { provider_id } = context.provider;
  const status = filter.status === undefined ? deliveryStatuses : [filter.status];
  const rest = { table: 'deliveries', id: 'delivery_id', ...boundsOf(filter) } as const;
  if (filter.subscription_id === undefined && filter.event_type === undefined) {
    return { ...rest, equal: { provider_id: [provider_id], status } };
  }
  const subscriptions = await selectSubscriptions(context.db, { provider_id });
  const subscription_id = subscriptions
    .map((subscription) => subscription.subscription_id)
    .filter((id) => filter.subscription_id === undefined || id === filter.subscription_id);
  return { ...rest, equal: { subscription_id, status, event_type: typesOf(filter) } };
}

export function eventRanges(provider_id: string, period: Period): Ranges {
  return { table: 'events', id: 'event_id', equal: { provider_id: [provider_id] }, ...boundsOf(period) };
}

function typesOf({ event_type }: DeliveryFilter): readonly string[] {
  return event_type === undefined ? typesDelivered : [event_type];
}

function boundsOf({ from = 0, to = Number.MAX_SAFE_INTEGER }: Period): { after: Position; to: number } {
  return { after: { created_at: from, id: '' }, to };
}
