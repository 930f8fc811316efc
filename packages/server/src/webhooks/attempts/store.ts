import type { DeliveryStatus, RetryPolicy, SubscriptionStatus } from '@osigu-sandbox/contract';
import { sql } from 'kysely';
import { insertion } from '../../store/insertion.ts';
import { members, recordset, textsOf } from '../../store/recordset.ts';
import { change, lookup, statement } from '../../store/statement.ts';
import { attemptKind } from '../enqueue.ts';

/** What is sent, without where it goes. */
export interface DeliveryContent {
  readonly delivery_id: string;
  readonly status: DeliveryStatus;
  /** Made so far. */
  readonly attempts: number;
  readonly first_attempt_at: number | null;
  readonly event_id: string;
  readonly event_type: string;
  readonly resource_id: string;
  readonly body: string;
  readonly subscription_id: string;
  /** Which world of the provider it is of. */
  readonly reset_at_real: number | null;
  /** Of its due work as it is now; null when there is none. */
  readonly work_id: string | null;
}

/** `delivery_ids`: JSON text of an array. */
export const selectContents = statement<{ delivery_ids: string }, DeliveryContent>((db, { delivery_ids }) =>
  db
    .selectFrom('deliveries')
    .innerJoin('events', 'events.event_id', 'deliveries.event_id')
    .innerJoin('providers', 'providers.provider_id', 'deliveries.provider_id')
    .leftJoin('due_work', (join) =>
      join
        .on('due_work.kind', '=', sql.lit(attemptKind))
        .onRef('due_work.subject_id', '=', 'deliveries.delivery_id'),
    )
    .select([
      'due_work.work_id',
      'deliveries.delivery_id',
      'deliveries.status',
      'deliveries.attempts',
      'deliveries.first_attempt_at',
      'deliveries.event_id',
      'deliveries.event_type',
      'events.resource_id',
      'events.body',
      'deliveries.subscription_id',
      'providers.reset_at_real',
    ])
    .where(sql<boolean>`deliveries.delivery_id in ${textsOf(db, delivery_ids)}`),
);

/** Where a subscription's deliveries go; a row for each of its secrets, newest first, ended ones too. */
export interface TargetRow {
  readonly status: SubscriptionStatus;
  readonly url: string;
  readonly retry_on: RetryPolicy;
  readonly clock_offset: number;
  /** Of the faults in force, if any were set. */
  readonly fault_plan_id: string | null;
  readonly secret: string;
  readonly expires_at_real: number | null;
}

export const selectTarget = lookup<{ subscription_id: string }, TargetRow>(
  ['subscriptions', 'subscription_secrets', 'providers'],
  (db, { subscription_id }) =>
    db
      .selectFrom('subscriptions')
      .innerJoin(
        'subscription_secrets as secrets',
        'secrets.subscription_id',
        'subscriptions.subscription_id',
      )
      .innerJoin('providers', 'providers.provider_id', 'subscriptions.provider_id')
      .select([
        'subscriptions.status',
        'subscriptions.url',
        'subscriptions.retry_on',
        'providers.clock_offset',
        'providers.fault_plan_id',
        'secrets.secret',
        'secrets.expires_at_real',
      ])
      .where('subscriptions.subscription_id', '=', subscription_id)
      .orderBy('secrets.created_at_real', 'desc'),
);

export interface AttemptOutcome {
  readonly delivery_id: string;
  /** Of the attempt that ended, from 1. */
  readonly number: number;
  readonly status: DeliveryStatus;
  readonly first_attempt_at: number;
  readonly next_attempt_at: number | null;
}

/**
 * `outcomes`: JSON text of an array of `AttemptOutcome`. Answers those that were written; not those whose delivery is
 * gone or decided, or whose attempt another process has recorded.
 */
export const settleAttempts = statement<{ outcomes: string }, { delivery_id: string }>(
  (db, { outcomes }) => ({
    compile: () =>
      sql<{ delivery_id: string }>`
      update deliveries set status = outcome.status, attempts = outcome.number,
        first_attempt_at = outcome.first_attempt_at, next_attempt_at = outcome.next_attempt_at
      from ${recordset(db, outcomes, 'outcome', {
        delivery_id: 'text',
        number: 'int',
        status: 'text',
        first_attempt_at: 'int',
        next_attempt_at: 'int',
      })}
      where deliveries.delivery_id = outcome.delivery_id and deliveries.status = 'PENDING'
        and deliveries.attempts = outcome.number - 1
      returning deliveries.delivery_id`.compile(db),
  }),
);

/**
 * As `settleAttempts`, of those that have arrived with their attempt of this `number`, which are most. `firsts`: JSON text
 * of an object of when their first attempts were made, by `delivery_id`.
 */
export const settleDelivered = statement<{ number: number; firsts: string }, { delivery_id: string }>(
  (db, { number, firsts }) => ({
    compile: () =>
      sql<{ delivery_id: string }>`
      update deliveries set status = 'DELIVERED', attempts = ${number},
        first_attempt_at = outcome.first_attempt_at, next_attempt_at = null
      from ${members(db, firsts, 'outcome', { key: 'delivery_id', value: 'first_attempt_at' })}
      where deliveries.delivery_id = outcome.delivery_id and deliveries.status = 'PENDING'
        and deliveries.attempts = ${number} - 1
      returning deliveries.delivery_id`.compile(db),
  }),
);

export const insertAttempts = insertion('delivery_attempts', {
  delivery_id: 'text',
  number: 'int',
  at: 'int',
  response_status: 'int',
  latency_ms: 'int',
  error: 'text',
  response_excerpt: 'text',
  fault: 'text',
});

/** `delivery_ids`: JSON text of an array. Nothing more is to be sent of them. */
export const removeAttemptWork = change<{ delivery_ids: string }>((db, { delivery_ids }) =>
  db
    .deleteFrom('due_work')
    .where('kind', '=', sql.lit(attemptKind))
    .where(sql<boolean>`subject_id in ${textsOf(db, delivery_ids)}`),
);
