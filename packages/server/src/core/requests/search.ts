import { type Batch, bodiesIn, summariesIn } from './batch.ts';
import type { CallBodies } from './bodies.ts';
import type { CallSummary } from './call.ts';

export interface RequestFilter {
  readonly method?: string | undefined;
  /** Part of the path. */
  readonly path?: string | undefined;
  /** Both included; `null`: calls without an answer. */
  readonly status?: readonly [from: number, to: number] | null | undefined;
  readonly error_code?: string | undefined;
  readonly request_id?: string | undefined;
  /** On the provider's clock, milliseconds, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly min_latency_ms?: number | undefined;
  /** Only calls of this world; null: of the first. */
  readonly reset_at_real?: number | null | undefined;
}

/** The log of one provider, of which the last `kept` calls count. */
export interface Searched {
  readonly batches: readonly Pick<Batch, 'batch_id' | 'summaries'>[];
  readonly kept: number;
}

export interface ListSearch extends Searched {
  readonly filter: RequestFilter;
  readonly limit: number;
  readonly offset: number;
}

/** Newest first. */
export function listCalls({ filter, limit, offset, ...searched }: ListSearch): {
  readonly rows: readonly CallSummary[];
  readonly total: number;
} {
  const matching = newestOf(searched).filter(({ summary }) => matches(summary, filter));
  const rows = matching.slice(offset, offset + limit).map(({ summary }) => summary);
  return { rows, total: matching.length };
}

export interface Found {
  readonly summary: CallSummary;
  /** Where its bodies are. */
  readonly batch_id: string;
  readonly index: number;
}

/** By the id of the entry, or the newest of the calls with this request id. */
export function findCall({ id, ...searched }: Searched & { readonly id: string }): Found | undefined {
  const newest = newestOf(searched);
  return (
    newest.find(({ summary }) => summary.log_id === id) ??
    newest.find(({ summary }) => summary.request_id === id)
  );
}

export function pickBodies(
  picked: Pick<Batch, 'bodies'> & { readonly index: number },
): CallBodies | undefined {
  return bodiesIn(picked.bodies)[picked.index];
}

/** Batches of several processes overlap. */
function newestOf({ batches, kept }: Searched): Found[] {
  const all = batches.flatMap(({ batch_id, summaries }) =>
    summariesIn(summaries).map((summary, index) => ({ summary, batch_id, index })),
  );
  all.sort((a, b) => (a.summary.log_id < b.summary.log_id ? 1 : -1));
  return all.slice(0, kept);
}

function matches(call: CallSummary, filter: RequestFilter): boolean {
  const { method, path, status, error_code, request_id, from, to, min_latency_ms, reset_at_real } = filter;
  return (
    (method === undefined || call.method === method) &&
    (path === undefined || call.path.includes(path)) &&
    (status === undefined || hasStatus(call, status)) &&
    (error_code === undefined || call.error_code === error_code) &&
    (request_id === undefined || call.request_id === request_id) &&
    (from === undefined || call.at >= from) &&
    (to === undefined || call.at <= to) &&
    (min_latency_ms === undefined || call.latency_ms >= min_latency_ms) &&
    (reset_at_real === undefined || call.reset_at_real === reset_at_real)
  );
}

function hasStatus({ status }: CallSummary, range: readonly [from: number, to: number] | null): boolean {
  if (status === null || range === null) return status === range;
  return status >= range[0] && status <= range[1];
}
