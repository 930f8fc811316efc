import type { RetryPolicy, SubscriptionStatus } from '@osigu-sandbox/contract';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { Database, SubscriptionTable } from '../../store/database.ts';
import { textsOf } from '../../store/recordset.ts';
import { presenceLock } from '../../store/row-lock.ts';
import { change, type Executor, statement } from '../../store/statement.ts';
import { attemptKind } from '../enqueue.ts';

export type SubscriptionRow = Selectable<SubscriptionTable>;
type SecretRow = Insertable<Database['subscription_secrets']>;

/**
 * No event of this provider is recorded while its subscriptions change: recording holds the provider's row shared,
 * and this waits for it and keeps it. Otherwise an event could be written for a subscription that is just deleted,
 * or kept for one that is just resumed. On the embedded store there is one writer anyway.
 */
export const holdSubscriptions = change<{ provider_id: string }>((db, { provider_id }) =>
  db
    .updateTable('providers')
    .set((eb) => ({ clock_offset: eb.ref('clock_offset') }))
    .where('provider_id', '=', provider_id),
);

export const findSubscription = statement<{ provider_id: string; subscription_id: string }, SubscriptionRow>(
  (db, { provider_id, subscription_id }) =>
    db
      .selectFrom('subscriptions')
      .selectAll()
      .where('provider_id', '=', provider_id)
      .where('subscription_id', '=', subscription_id),
);

/** Oldest first. */
export const selectSubscriptions = statement<{ provider_id: string }, SubscriptionRow>(
  (db, { provider_id }) =>
    db
      .selectFrom('subscriptions')
      .selectAll()
      .where('provider_id', '=', provider_id)
      .orderBy('subscription_id'),
);

export async function insertSubscription(db: Executor, row: SubscriptionRow): Promise<void> {
  await db.insertInto('subscriptions').values(row).execute();
}

export interface SubscriptionChanges {
  readonly url?: string;
  readonly event_types?: string;
  readonly retry_on?: RetryPolicy;
  readonly status?: SubscriptionStatus;
  readonly updated_at: number;
}

export async function updateSubscription(
  db: Executor,
  subscription_id: string,
  changes: SubscriptionChanges,
): Promise<SubscriptionRow> {
  return db
    .updateTable('subscriptions')
    .set(changes)
    .where('subscription_id', '=', subscription_id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** A transaction that writes or removes more than this holds up everybody else. */
export const rowsAtOnce = 500;

type Owned = { readonly provider_id: string; readonly subscription_id: string };

export async function hasManyDeliveries(db: Executor, owned: Owned): Promise<boolean> {
  const { counted } = await db
    .selectFrom(someDeliveries(db, owned).as('some_deliveries'))
    .select((eb) => eb.fn.countAll<number>().as('counted'))
    .executeTakeFirstOrThrow();
  return Number(counted) === rowsAtOnce;
}

/** Answers how many, `rowsAtOnce` at most. */
export async function deleteSomeDeliveries(db: Executor, owned: Owned): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('deliveries')
    .where('delivery_id', 'in', someDeliveries(db, owned))
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

function someDeliveries(db: Executor, { provider_id, subscription_id }: Owned) {
  return db
    .selectFrom('deliveries')
    .select('delivery_id')
    .where('provider_id', '=', provider_id)
    .where('subscription_id', '=', subscription_id)
    .limit(rowsAtOnce);
}

/** As `deleteSomeDeliveries`, of what is due for them. */
export async function deleteSomeWork(db: Executor, { provider_id, subscription_id }: Owned): Promise<number> {
  const some = db
    .selectFrom('due_work')
    .select('work_id')
    .where('lane', '=', subscription_id)
    .where('provider_id', '=', provider_id)
    .where('kind', '=', attemptKind)
    .limit(rowsAtOnce);
  const { numDeletedRows } = await db
    .deleteFrom('due_work')
    .where('work_id', 'in', some)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** With its secrets, its deliveries, their attempts and their due work. */
export async function deleteSubscription(
  db: Executor,
  { provider_id, subscription_id }: SubscriptionRow,
): Promise<void> {
  await db
    .deleteFrom('due_work')
    .where('provider_id', '=', provider_id)
    .where('kind', '=', attemptKind)
    .where('lane', '=', subscription_id)
    .execute();
  await db.deleteFrom('subscriptions').where('subscription_id', '=', subscription_id).execute();
}

/** Those of the ids (JSON text of an array) that are pending still, oldest first. */
export const selectPending = statement<{ delivery_ids: string }, PendingDelivery>((db, { delivery_ids }) =>
  db
    .selectFrom('deliveries')
    .innerJoin('events', 'events.event_id', 'deliveries.event_id')
    .select([
      'deliveries.delivery_id',
      'deliveries.subscription_id',
      'deliveries.next_attempt_at',
      'events.resource_id',
    ])
    .where(sql<boolean>`deliveries.delivery_id in ${textsOf(db, delivery_ids)}`)
    .where('deliveries.status', '=', 'PENDING')
    .orderBy('deliveries.created_at')
    .orderBy('deliveries.delivery_id'),
);

interface PendingDelivery {
  readonly delivery_id: string;
  readonly subscription_id: string;
  readonly next_attempt_at: number | null;
  readonly resource_id: string;
}

/** Of the events (ids and types as JSON text of an array), those of the types, oldest first. */
export const selectReplayed = statement<{ event_ids: string; types: string }, ReplayedEvent>(
  (db, { event_ids, types }) =>
    db
      .selectFrom('events')
      .select(['event_id', 'event_type', 'resource_id'])
      .where(sql<boolean>`event_id in ${textsOf(db, event_ids)}`)
      .where(sql<boolean>`event_type in ${textsOf(db, types)}`)
      .orderBy('created_at')
      .orderBy('event_id'),
);

/** Those of the events (ids as JSON text of an array) that are there still, and will be until the transaction ends. */
export const holdEvents = statement<{ event_ids: string }, { event_id: string }>((db, { event_ids }) =>
  db
    .selectFrom('events')
    .select('event_id')
    .where(sql<boolean>`event_id in ${textsOf(db, event_ids)}`)
    .modifyEnd(presenceLock(db)),
);

export interface ReplayedEvent {
  readonly event_id: string;
  readonly event_type: string;
  readonly resource_id: string;
}

/** Of the events (ids as JSON text of an array), those whose last delivery to the subscription is abandoned. */
export const selectFailed = statement<{ event_ids: string; subscription_id: string }, { event_id: string }>(
  (db, { event_ids, subscription_id }) =>
    db
      .selectFrom('events')
      .select('events.event_id')
      .where(sql<boolean>`events.event_id in ${textsOf(db, event_ids)}`)
      .where((eb) =>
        eb(
          eb
            .selectFrom('deliveries')
            .select('deliveries.status')
            .whereRef('deliveries.event_id', '=', 'events.event_id')
            // An expression, so that no index of subscriptions is chosen: an event has few deliveries.
            .where(sql<string>`deliveries.subscription_id || ''`, '=', subscription_id)
            .orderBy('deliveries.created_at', 'desc')
            .orderBy('deliveries.delivery_id', 'desc')
            .limit(1),
          '=',
          'ABANDONED',
        ),
      ),
);

export async function insertSecret(db: Executor, row: SecretRow): Promise<void> {
  await db.insertInto('subscription_secrets').values(row).execute();
}

/** Newest first, dead ones too. */
export function selectSecrets(db: Executor, subscription_id: string) {
  return db
    .selectFrom('subscription_secrets')
    .selectAll()
    .where('subscription_id', '=', subscription_id)
    .orderBy('created_at_real', 'desc')
    .execute();
}

export async function expireSecret(
  db: Executor,
  { subscription_id, secret }: SecretRow,
  expires_at_real: number,
): Promise<void> {
  await db
    .updateTable('subscription_secrets')
    .set({ expires_at_real })
    .where('subscription_id', '=', subscription_id)
    .where('secret', '=', secret)
    .execute();
}

export async function deleteDeadSecrets(
  db: Executor,
  subscription_id: string,
  real_now: number,
): Promise<void> {
  await db
    .deleteFrom('subscription_secrets')
    .where('subscription_id', '=', subscription_id)
    .where('expires_at_real', '<=', real_now)
    .execute();
}
