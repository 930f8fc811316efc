import type { Selectable } from 'kysely';
import type { DeliveryAttemptTable, DeliveryTable } from '../../store/database.ts';
import { presenceLock } from '../../store/row-lock.ts';
import { change, type Executor, statement } from '../../store/statement.ts';

export type DeliveryRow = Selectable<DeliveryTable>;
export interface FoundDelivery extends DeliveryRow {
  /** What its event is about. */
  readonly resource_id: string;
}
export type AttemptRow = Selectable<DeliveryAttemptTable>;

/** In the order of the ids. */
export async function selectDeliveries(
  db: Executor,
  delivery_ids: readonly string[],
): Promise<DeliveryRow[]> {
  if (delivery_ids.length === 0) return [];
  const rows = await db
    .selectFrom('deliveries')
    .selectAll()
    .where('delivery_id', 'in', delivery_ids)
    .execute();
  return inOrder(delivery_ids, rows, ({ delivery_id }) => delivery_id);
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

/** For a transaction that refers to what it belongs to: it is not removed as too old meanwhile. */
export const findDelivery = statement<{ provider_id: string; delivery_id: string }, FoundDelivery>(
  (db, { provider_id, delivery_id }) =>
    db
      .selectFrom('deliveries')
      .selectAll()
      .select((eb) =>
        eb
          .selectFrom('events')
          .select('resource_id')
          .whereRef('events.event_id', '=', 'deliveries.event_id')
          .$asScalar()
          .$notNull()
          .as('resource_id'),
      )
      .where('provider_id', '=', provider_id)
      .where('delivery_id', '=', delivery_id)
      .modifyEnd(presenceLock(db)),
);

/** Brings a pending delivery's next attempt forward. 0 when it is not pending any more. */
export const hastenDelivery = change<{ delivery_id: string; now: number }>((db, { delivery_id, now }) =>
  db
    .updateTable('deliveries')
    .set({ next_attempt_at: now })
    .where('delivery_id', '=', delivery_id)
    .where('status', '=', 'PENDING'),
);

/** The texts as they are delivered, in the order of the ids. */
export async function selectEvents(db: Executor, event_ids: readonly string[]): Promise<string[]> {
  if (event_ids.length === 0) return [];
  const rows = await db
    .selectFrom('events')
    .select(['event_id', 'body'])
    .where('event_id', 'in', event_ids)
    .execute();
  return inOrder(event_ids, rows, ({ event_id }) => event_id).map(({ body }) => body);
}

/** What has gone meanwhile is left out. */
function inOrder<T>(ids: readonly string[], rows: readonly T[], idOf: (row: T) => string): T[] {
  const byId = new Map(rows.map((row) => [idOf(row), row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
