import type { LoggedRequest, LoggedRequestWithBodies } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import { fault } from '../../platform/errors.ts';
import { isoTimestamp, isoTimestampOrNull, parseTimestamp } from '../../platform/time.ts';
import type { Executor } from '../../store/statement.ts';
import { selectWorld } from '../providers/callers.ts';
import type { CallSummary } from './call.ts';
import { selectBodies, selectSummaries } from './store.ts';
import type { Thread } from './thread.ts';

export interface Reading {
  readonly db: Executor;
  readonly thread: Pick<Thread, 'run'>;
  /** Of the calls of one provider, how many are shown. */
  readonly kept: number;
}

export interface RequestQuery {
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  /** `404`, `4xx` or `none`. */
  readonly status?: string | undefined;
  readonly error_code?: string | undefined;
  readonly request_id?: string | undefined;
  /** ISO 8601, on the provider's clock, both included. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly min_latency_ms?: number | undefined;
  readonly since_reset?: boolean | undefined;
}

/** Newest first, without bodies. */
export async function listRequests(
  { db, thread, kept }: Reading,
  provider_id: string,
  query: RequestQuery,
  page: { readonly limit: number; readonly offset: number },
) {
  const { status, from, to, since_reset, method, ...rest } = query;
  const [world] = since_reset === true ? await selectWorld(db, { provider_id }) : [];
  const filter = {
    ...rest,
    method: method?.toUpperCase(),
    status: status === undefined ? undefined : statusRange(status),
    from: from === undefined ? undefined : parseTimestamp(from),
    to: to === undefined ? undefined : parseTimestamp(to),
    reset_at_real: world?.reset_at_real,
  };
  const batches = await selectSummaries(db, { provider_id });
  const { rows, total } = await thread.run('listCalls', { batches, kept, filter, ...page });
  return { rows: rows.map(requestResource), total };
}

function statusRange(text: string): readonly [number, number] | null {
  if (text === 'none') return null;
  if (!text.endsWith('xx')) return [Number(text), Number(text)];
  const first = Number(text[0]) * 100;
  return [first, first + 99];
}

/** By `log_id`, or the newest with this `request_id`. */
export async function readRequest(
  { db, thread, kept }: Reading,
  provider_id: string,
  id: string,
): Promise<Static<typeof LoggedRequestWithBodies>> {
  const batches = await selectSummaries(db, { provider_id });
  const found = await thread.run('findCall', { batches, kept, id });
  if (found === undefined) throw fault('071-404-request');
  const { summary, batch_id, index } = found;
  const [stored] = await selectBodies(db, { provider_id, batch_id });
  const bodies = stored && (await thread.run('pickBodies', { ...stored, index }));
  if (bodies === undefined) throw fault('071-404-request');
  return {
    ...requestResource(summary),
    request_type: bodies.request_type,
    request_body: bodyOf(bodies.request_body),
    response_type: bodies.response_type,
    response_body: bodyOf(bodies.response_body),
  };
}

/** What was cut is no JSON any more. */
function bodyOf(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function requestResource(row: CallSummary): Static<typeof LoggedRequest> {
  return {
    log_id: row.log_id,
    request_id: row.request_id,
    at: isoTimestamp(row.at),
    at_real: isoTimestamp(row.at_real),
    reset_at: isoTimestampOrNull(row.reset_at_real),
    method: row.method,
    path: row.path,
    route: row.route,
    status: row.status,
    latency_ms: row.latency_ms,
    error_code: row.error_code,
    client_id: row.client_id,
    idempotency: row.idempotency,
    fault: row.fault,
    request_bytes: row.request_bytes,
    response_bytes: row.response_bytes,
  };
}
