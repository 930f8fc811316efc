import type { SubscriptionStatus } from '@osigu-sandbox/contract';
import type { DeliveryTable, EventTable } from '../store/database.ts';
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

const rowsAtOnce = 25;

/** One statement for several rows, compiled once per number of rows. */
export async function insertDeliveries(db: Executor, deliveries: readonly NewDelivery[]): Promise<void> {
  for (let start = 0; start < deliveries.length; start += rowsAtOnce) {
    const rows = deliveries.slice(start, start + rowsAtOnce);
    const inputs = rows.flatMap((row, index) =>
      Object.entries(row).map(([name, value]) => [`${name}_${index}`, value]),
    );
    await insertOf(rows.length)(db, Object.fromEntries(inputs));
  }
}

type Insert = (db: Executor, inputs: Record<string, unknown>) => Promise<number>;

const insertsBySize = new Map<number, Insert>();

function insertOf(size: number): Insert {
  const known = insertsBySize.get(size);
  if (known !== undefined) return known;
  const insert = change<Record<string, unknown>>((db, inputs) =>
    db.insertInto('deliveries').values(Array.from({ length: size }, (_, index) => rowOf(inputs, index))),
  );
  insertsBySize.set(size, insert);
  return insert;
}

function rowOf(inputs: Record<string, unknown>, index: number) {
  const input = <T>(name: keyof NewDelivery) => inputs[`${name}_${index}`] as T;
  return {
    delivery_id: input<string>('delivery_id'),
    provider_id: input<string>('provider_id'),
    subscription_id: input<string>('subscription_id'),
    event_id: input<string>('event_id'),
    event_type: input<string>('event_type'),
    status: 'PENDING' as const,
    created_at: input<number>('created_at'),
    next_attempt_at: input<number>('created_at'),
  };
}
