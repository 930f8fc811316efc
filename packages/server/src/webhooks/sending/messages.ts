import type { DeliveryFaultKind } from '@osigu-sandbox/contract';
import { type NotBegun, notBegun } from '../../engine/lanes.ts';
import type { OutgoingAttempt, SentAttempt } from './sender.ts';
import type { TransportError } from './transport-errors.ts';

/** What goes over to the sender's thread at a time. */
export interface Orders {
  /** How many each subscription may have, of this process. */
  readonly connections: number;
  readonly orders: readonly Order[];
}

/** An attempt on its way to the sender's thread, as a row: objects take twice as long to be copied. */
export type Order = readonly [id: number, ...attempt: AttemptRow];
/** What became of it; its id alone when it was not begun. */
export type Report = readonly [id: number, ...sent: SentRow | readonly []];

type AttemptRow = readonly [
  subscription_id: string,
  url: string,
  secrets: readonly string[],
  event_id: string,
  event_type: string,
  body: string,
  number: number,
  fault: DeliveryFaultKind | null,
];
type SentRow = readonly [
  response_status: number | null,
  error: TransportError | null,
  response_excerpt: string | null,
  retry_after: string | null,
  latency_ms: number,
  began_at_real: number,
];

export function orderOf(id: number, attempt: OutgoingAttempt): Order {
  const { subscription_id, url, secrets, event_id, event_type, body, number, fault } = attempt;
  return [id, subscription_id, url, secrets, event_id, event_type, body, number, fault];
}

export function attemptOf(order: Order): OutgoingAttempt {
  const [, subscription_id, url, secrets, event_id, event_type, body, number, fault] = order;
  return { subscription_id, url, secrets, event_id, event_type, body, number, fault };
}

export function reportOf(id: number, sent: SentAttempt | NotBegun): Report {
  if (sent === notBegun) return [id];
  const { response_status, error, response_excerpt, retry_after, latency_ms, began_at_real } = sent;
  return [id, response_status, error, response_excerpt, retry_after, latency_ms, began_at_real];
}

export function sentOf([, ...sent]: Report): SentAttempt | NotBegun {
  if (sent.length === 0) return notBegun;
  const [response_status, error, response_excerpt, retry_after, latency_ms, began_at_real] = sent;
  return { response_status, error, response_excerpt, retry_after, latency_ms, began_at_real };
}
