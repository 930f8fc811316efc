import type { DeliveryStatus } from '@osigu-sandbox/contract';
import type { Selectable } from 'kysely';
import type { DeliveryAttemptTable, DeliveryTable } from '../../store/database.ts';
import { change, type Executor, statement } from '../../store/statement.ts';
import type { PageOf, PageRows } from '../read-context.ts';

export type DeliveryRow = Selectable<DeliveryTable>;
export type AttemptRow = Selectable<DeliveryAttemptTable>;

export interface DeliveryFilter {
  readonly subscription_id?: string | undefined;
  readonly status?: DeliveryStatus | undefined;
  readonly event_type?: string | undefined;
  /** On the provider's clock, milliseconds, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Newest first. */
export async function selectDeliveries(
  db: Executor,
  provider_id: string,
  filter: DeliveryFilter,
  { page, size }: PageOf,
): Promise<PageRows<DeliveryRow>> {
  const matching = matchingDeliveries(db, provider_id, filter);
  const rows = await matching
    .selectAll()
    .orderBy('delivery_id', 'desc')
    .limit(size)
    .offset(page * size)
    .execute();
  const { total } = await matching
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return { rows, total: Number(total) };
}

function matchingDeliveries(db: Executor, provider_id: string, filter: DeliveryFilter) {
  const { subscription_id, status, event_type, from, to } = filter;
  return db
    .selectFrom('deliveries')
    .where('provider_id', '=', provider_id)
    .$if(subscription_id !== undefined, (query) => query.where('subscription_id', '=', subscription_id ?? ''))
    .$if(status !== undefined, (query) => query.where('status', '=', status ?? 'PENDING'))
    .$if(event_type !== undefined, (query) => query.where('event_type', '=', event_type ?? ''))
    .$if(from !== undefined, (query) => query.where('created_at', '>=', from ?? 0))
    .$if(to !== undefined, (query) => query.where('created_at', '<=', to ?? 0));
}

/** Of all the deliveries in one query, in order of delivery and number. */
export async function selectAttempts(db: Executor, delivery_ids: readonly string[]): Promise<AttemptRow[]> {
  if (delivery_ids.length === 0) return [];
  return db
    .selectFrom('delivery_attempts')
    .selectAll()
    .where('delivery_id', 'in', delivery_ids)
    .orderBy('delivery_id')
    .orderBy('number')
    .execute();
}

export const findDelivery = statement<{ provider_id: string; delivery_id: string }, DeliveryRow>(
  (db, { provider_id, delivery_id }) =>
    db
      .selectFrom('deliveries')
      .selectAll()
      .where('provider_id', '=', provider_id)
      .where('delivery_id', '=', delivery_id),
);

/** Brings a pending delivery's next attempt forward. 0 when it is not pending any more. */
export const hastenDelivery = change<{ delivery_id: string; now: number }>((db, { delivery_id, now }) =>
  db
    .updateTable('deliveries')
    .set({ next_attempt_at: now })
    .where('delivery_id', '=', delivery_id)
    .where('status', '=', 'PENDING'),
);

/** The texts as they are delivered, newest first. */
export async function selectEvents(
  db: Executor,
  provider_id: string,
  { page, size }: PageOf,
): Promise<PageRows<string>> {
  const events = db.selectFrom('events').where('provider_id', '=', provider_id);
  const rows = await events
    .select('body')
    .orderBy('event_id', 'desc')
    .limit(size)
    .offset(page * size)
    .execute();
  const { total } = await events
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return { rows: rows.map(({ body }) => body), total: Number(total) };
}
