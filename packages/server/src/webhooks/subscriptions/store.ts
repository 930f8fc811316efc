import type { RetryPolicy, SubscriptionStatus } from '@osigu-sandbox/contract';
import type { Insertable, Selectable } from 'kysely';
import type { Database, SubscriptionTable } from '../../store/database.ts';
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

export function selectPendingDeliveries(db: Executor, subscription_id: string) {
  return db
    .selectFrom('deliveries')
    .select(['delivery_id', 'subscription_id', 'next_attempt_at'])
    .where('subscription_id', '=', subscription_id)
    .where('status', '=', 'PENDING')
    .orderBy('delivery_id')
    .execute();
}

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
