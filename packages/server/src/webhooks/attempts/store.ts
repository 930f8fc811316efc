import type { DeliveryStatus, RetryPolicy, SubscriptionStatus } from '@osigu-sandbox/contract';
import type { DeliveryAttemptTable } from '../../store/database.ts';
import { change, statement } from '../../store/statement.ts';

/** A delivery with all that sending it needs; one row per live secret, newest first. */
export interface OutgoingRow {
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly first_attempt_at: number | null;
  readonly event_id: string;
  readonly event_type: string;
  readonly body: string;
  readonly subscription_id: string;
  readonly subscription_status: SubscriptionStatus;
  readonly url: string;
  readonly retry_on: RetryPolicy;
  readonly clock_offset: number;
  readonly secret: string;
}

export const selectOutgoing = statement<{ delivery_id: string; real_now: number }, OutgoingRow>(
  (db, { delivery_id, real_now }) =>
    db
      .selectFrom('deliveries')
      .innerJoin('events', 'events.event_id', 'deliveries.event_id')
      .innerJoin('subscriptions', 'subscriptions.subscription_id', 'deliveries.subscription_id')
      .innerJoin('providers', 'providers.provider_id', 'deliveries.provider_id')
      .innerJoin('subscription_secrets as secrets', 'secrets.subscription_id', 'deliveries.subscription_id')
      .select([
        'deliveries.status',
        'deliveries.attempts',
        'deliveries.first_attempt_at',
        'deliveries.event_id',
        'deliveries.event_type',
        'events.body',
        'deliveries.subscription_id',
        'subscriptions.status as subscription_status',
        'subscriptions.url',
        'subscriptions.retry_on',
        'providers.clock_offset',
        'secrets.secret',
      ])
      .where('deliveries.delivery_id', '=', delivery_id)
      .where((eb) =>
        eb.or([eb('secrets.expires_at_real', 'is', null), eb('secrets.expires_at_real', '>', real_now)]),
      )
      .orderBy('secrets.created_at_real', 'desc'),
);

interface AttemptOutcome extends Record<string, unknown> {
  readonly delivery_id: string;
  /** Of the attempt that ended, from 1. */
  readonly number: number;
  readonly status: DeliveryStatus;
  readonly first_attempt_at: number;
  readonly next_attempt_at: number | null;
}

/** 0 when the delivery is gone, decided, or when another process has recorded this attempt. */
export const settleAttempt = change<AttemptOutcome & { before: number }>((db, outcome) =>
  db
    .updateTable('deliveries')
    .set({
      status: outcome.status,
      attempts: outcome.number,
      first_attempt_at: outcome.first_attempt_at,
      next_attempt_at: outcome.next_attempt_at,
    })
    .where('delivery_id', '=', outcome.delivery_id)
    .where('status', '=', 'PENDING')
    .where('attempts', '=', outcome.before),
);

export const insertAttempt = change<DeliveryAttemptTable & Record<string, unknown>>((db, attempt) =>
  db.insertInto('delivery_attempts').values({
    delivery_id: attempt.delivery_id,
    number: attempt.number,
    at: attempt.at,
    response_status: attempt.response_status,
    latency_ms: attempt.latency_ms,
    error: attempt.error,
    response_excerpt: attempt.response_excerpt,
  }),
);
