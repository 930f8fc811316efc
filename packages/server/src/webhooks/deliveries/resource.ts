import type { Delivery } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import { isoTimestamp, isoTimestampOrNull } from '../../platform/time.ts';
import type { NewDelivery } from '../store.ts';
import type { AttemptRow, DeliveryRow } from './store.ts';

export type DeliveryResource = Static<typeof Delivery>;

export function deliveryResource(row: DeliveryRow, attempts: readonly AttemptRow[]): DeliveryResource {
  return {
    delivery_id: row.delivery_id,
    subscription_id: row.subscription_id,
    event_id: row.event_id,
    event_type: row.event_type,
    status: row.status,
    created_at: isoTimestamp(row.created_at),
    next_attempt_at: isoTimestampOrNull(row.next_attempt_at),
    attempts: attempts.map((attempt) => ({
      number: attempt.number,
      at: isoTimestamp(attempt.at),
      response_status: attempt.response_status,
      latency_ms: attempt.latency_ms,
      error: attempt.error,
      response_excerpt: attempt.response_excerpt,
      fault: attempt.fault,
    })),
  };
}

export function newDeliveryResource(delivery: NewDelivery): DeliveryResource {
  const { provider_id: _, created_at, ...shown } = delivery;
  return {
    ...shown,
    status: 'PENDING',
    created_at: isoTimestamp(created_at),
    next_attempt_at: isoTimestamp(created_at),
    attempts: [],
  };
}
