import { redactQuery } from '../../platform/redaction.ts';
import { decodeAscii } from '../../platform/text.ts';

/** A call as it was when it ended: references only, what is kept of them is made elsewhere and later. */
export interface EndedCall {
  readonly log_id: string;
  readonly provider_id: string;
  readonly client_id: string;
  readonly clock_offset: number;
  readonly reset_at_real: number | null;
  readonly request_id: string;
  /** When it arrived. */
  readonly at_real: number;
  readonly method: string;
  readonly url: string;
  readonly route: string | null;
  readonly status: number | null;
  readonly latency_ms: number;
  readonly error_code: string | null;
  readonly idempotency: 'NEW' | 'REPLAYED' | null;
  readonly fault: string | null;
  readonly request_type: string | null;
  readonly request_bytes: number | null;
  /** JSON as it came, with its secrets. */
  readonly request: string | undefined;
  /** In its place: what is kept of a body that is long or no JSON. */
  readonly request_kept: string | undefined;
  readonly response_type: string | null;
  readonly response_bytes: number | null;
  /** JSON as it was sent; undefined for anything else. */
  readonly response: string | undefined;
}

/** What a list shows of a call, and the live stream. */
export interface CallSummary {
  readonly log_id: string;
  /** A client may send one several times. */
  readonly request_id: string;
  readonly client_id: string;
  readonly at: number;
  readonly at_real: number;
  /** The world in which it ran: `reset_at_real` of the provider at that moment. */
  readonly reset_at_real: number | null;
  readonly method: string;
  readonly path: string;
  readonly route: string | null;
  /** Null: no answer. */
  readonly status: number | null;
  readonly latency_ms: number;
  readonly error_code: string | null;
  readonly idempotency: 'NEW' | 'REPLAYED' | null;
  readonly fault: string | null;
  readonly request_bytes: number | null;
  readonly response_bytes: number | null;
}

const longestPath = 1_024;

/** Where a call went. */
export type Target = Pick<EndedCall, 'route' | 'url'>;

/** Calls in which a `code` is a secret, also those that missed their route. */
export function isAboutOtp({ route, url }: Target): boolean {
  return route === null ? /otp/i.test(decodeAscii(url)) : /\/otp\b/.test(route);
}

export function summaryOf(call: EndedCall): CallSummary {
  return {
    log_id: call.log_id,
    request_id: call.request_id,
    client_id: call.client_id,
    at: call.at_real + call.clock_offset,
    at_real: call.at_real,
    reset_at_real: call.reset_at_real,
    method: call.method,
    path: redactQuery(call.url, longestPath, { hidesCodes: isAboutOtp(call) }),
    route: call.route,
    status: call.status,
    latency_ms: call.latency_ms,
    error_code: oauthError(call) ?? call.error_code,
    idempotency: call.idempotency,
    fault: call.fault,
    request_bytes: call.request_bytes,
    response_bytes: call.response_bytes,
  };
}

/** The token endpoint names its errors in its own way (RFC 6749), whatever they are called in the registry. */
function oauthError({ status, response }: EndedCall): string | null {
  if (status === null || status < 400 || response === undefined) return null;
  return /^\{"error":"(\w{1,64})"/.exec(response)?.[1] ?? null;
}
