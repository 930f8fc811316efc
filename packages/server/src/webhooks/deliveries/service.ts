import type { DeliveryStatus, EventEnvelope } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { parseTimestamp } from '../../platform/time.ts';
import { enqueue, scheduleAttempt } from '../enqueue.ts';
import { countIn, positionsIn, type Ranges } from '../ranges.ts';
import type { PageOf, PageRows, ReadContext } from '../read-context.ts';
import { findSubscription } from '../subscriptions/store.ts';
import { deliveryRanges, eventRanges, longestList } from './listing.ts';
import { type DeliveryResource, deliveryResource, newDeliveryResource } from './resource.ts';
import {
  type AttemptRow,
  type DeliveryRow,
  type FoundDelivery,
  findDelivery,
  hastenDelivery,
  selectAttempts,
  selectDeliveries,
  selectEvents,
} from './store.ts';

export interface EventQuery {
  /** ISO 8601, of `created_at`, both included. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface DeliveryQuery extends EventQuery {
  readonly event_type?: string | undefined;
  readonly subscription_id?: string | undefined;
  readonly status?: DeliveryStatus | undefined;
}

/** Newest first, each with its attempts. */
export async function listDeliveries(
  context: ReadContext,
  query: DeliveryQuery,
  page: PageOf,
): Promise<PageRows<DeliveryResource>> {
  const ranges = await deliveryRanges(context, { ...query, ...periodOf(query) });
  const { rows: ids, total } = await newestOf(context, ranges, page);
  return { rows: await withAttempts(context, await selectDeliveries(context.db, ids)), total };
}

/** The envelopes, newest first, pings included. */
export async function listEvents(
  context: ReadContext,
  query: EventQuery,
  page: PageOf,
): Promise<PageRows<Static<typeof EventEnvelope>>> {
  const ranges = eventRanges(context.provider.provider_id, periodOf(query));
  const { rows: ids, total } = await newestOf(context, ranges, page);
  const bodies = await selectEvents(context.db, ids);
  return { rows: bodies.map((body) => JSON.parse(body) as Static<typeof EventEnvelope>), total };
}

function periodOf({ from, to }: EventQuery) {
  return {
    from: from === undefined ? undefined : parseTimestamp(from),
    to: to === undefined ? undefined : parseTimestamp(to),
  };
}

/** Ids of a page, and how many rows there are up to the longest list; a page beyond that is empty. */
async function newestOf({ db }: ReadContext, ranges: Ranges, page: PageOf): Promise<PageRows<string>> {
  const offset = page.page * page.size;
  const limit = Math.min(page.size, longestList - offset);
  const found = limit > 0 ? await positionsIn(db, ranges, { order: 'desc', limit, offset }) : [];
  const isWhole = offset === 0 && found.length < limit;
  const total = isWhole ? found.length : await countIn(db, ranges, longestList);
  return { rows: found.map(({ id }) => id), total };
}

/**
 * Sends the event of a decided delivery once more, as a delivery of its own: the same event and bytes, a log and a
 * horizon of its own. One that is still pending is only tried at once.
 */
export async function redeliver(uow: UnitOfWork, delivery_id: string): Promise<DeliveryResource> {
  const delivery = await requireDelivery(uow, delivery_id);
  const [subscription] = await findSubscription(uow.db, delivery);
  if (subscription === undefined) throw fault('071-404-delivery');
  if ((await hastenDelivery(uow.db, { delivery_id, now: uow.now })) === 1) {
    if (subscription.status === 'ACTIVE') await scheduleAttempt(uow, delivery, uow.now);
    const [resource] = await withAttempts(uow, [await requireDelivery(uow, delivery_id)]);
    if (resource !== undefined) return resource;
  }
  const [fresh] = await enqueue(uow, delivery, [subscription]);
  if (fresh === undefined) throw fault('071-404-delivery');
  return newDeliveryResource(fresh);
}

async function requireDelivery(context: ReadContext, delivery_id: string): Promise<FoundDelivery> {
  const { provider_id } = context.provider;
  const [delivery] = await findDelivery(context.db, { provider_id, delivery_id });
  if (delivery === undefined) throw fault('071-404-delivery');
  return delivery;
}

async function withAttempts(
  context: ReadContext,
  deliveries: readonly DeliveryRow[],
): Promise<DeliveryResource[]> {
  const attempts = await selectAttempts(
    context.db,
    deliveries.map(({ delivery_id }) => delivery_id),
  );
  const byDelivery = Map.groupBy(attempts, (attempt: AttemptRow) => attempt.delivery_id);
  return deliveries.map((row) => deliveryResource(row, byDelivery.get(row.delivery_id) ?? []));
}
