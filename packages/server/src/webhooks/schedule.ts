import type { RetryPolicy } from '@osigu-sandbox/contract';
import { hour, parseTimestamp, second } from '../platform/time.ts';

/** S: contract section 13. Ten seconds doubling, at most six hours apart, for 72 hours from the first attempt. */
export const firstDelay = 10 * second;
export const longestDelay = 6 * hour;
export const horizon = 72 * hour;
export const jitterSpread = 0.1;

export interface FailedAttempt {
  /** From 1. */
  readonly number: number;
  /** When it ended, on the provider's clock, like `first_attempt_at`. */
  readonly ended_at: number;
  readonly first_attempt_at: number;
  readonly retry_on: RetryPolicy;
  readonly response_status: number | null;
  /** Set when there was no whole answer. */
  readonly error: string | null;
  /** The receiver's header as it came. */
  readonly retry_after: string | null;
  /** Real time, which a date in `retry_after` is measured against. */
  readonly real_now: number;
  /** A factor around 1. */
  readonly jitter: number;
}

export function isDelivered(answer: { response_status: number | null; error: string | null }): boolean {
  const { response_status, error } = answer;
  return error === null && response_status !== null && response_status >= 200 && response_status < 300;
}

/** When to try again on the provider's clock, or that nobody will. The last try is made right at the horizon. */
export function nextAttempt(attempt: FailedAttempt): number | 'abandon' {
  if (isFinal(attempt)) return 'abandon';
  const last = attempt.first_attempt_at + horizon;
  if (attempt.ended_at >= last) return 'abandon';
  return Math.min(attempt.ended_at + Math.max(backoff(attempt), askedDelay(attempt)), last);
}

/** With `5xx` the receiver's word is final when it answered at all and it was not a failure of its own. */
function isFinal({ retry_on, response_status, error }: FailedAttempt): boolean {
  if (retry_on === 'non_2xx' || error !== null || response_status === null) return false;
  return response_status < 500 || response_status > 599;
}

function backoff({ number, jitter }: FailedAttempt): number {
  // The jitter comes before the bound: never more than six hours apart.
  return Math.round(Math.min(firstDelay * 2 ** (number - 1) * jitter, longestDelay));
}

/**
 * What the receiver asked for with 429 or 503. It can only lengthen the schedule: a receiver that always says one
 * second would otherwise be sent a quarter of a million attempts.
 */
function askedDelay({ response_status, retry_after, real_now }: FailedAttempt): number {
  if (retry_after === null || (response_status !== 429 && response_status !== 503)) return 0;
  const text = retry_after.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text) * second, horizon);
  const moment = momentOf(text);
  return Number.isNaN(moment) ? 0 : Math.min(Math.max(moment - real_now, 0), horizon);
}

const asctime = /^[A-Za-z]{3} [A-Za-z]{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

/** The three forms of RFC 9110 5.6.7, and no others: Date would also read a lone year. */
function momentOf(text: string): number {
  if (/^[A-Za-z]+, .* GMT$/.test(text)) return parseTimestamp(text);
  // It names no zone, and without one Date takes the machine's.
  return asctime.test(text) ? parseTimestamp(`${text} GMT`) : Number.NaN;
}
