import type { Dispatcher } from 'undici';
import { monotonicNow } from '../../platform/time.ts';
import { createExcerpt, type Excerpt } from './answer-excerpt.ts';
import type { Deadlines } from './deadlines.ts';
import { type TransportError, transportErrorOf } from './transport-errors.ts';

export interface SentPost {
  readonly response_status: number | null;
  /** Null when the whole answer came in time. */
  readonly error: TransportError | null;
  /** What came, also of an answer that did not end. */
  readonly response_excerpt: string | null;
  readonly retry_after: string | null;
  /** From the beginning of the request, the wait for a connection included. */
  readonly latency_ms: number;
}

/**
 * One request and its answer, on the dispatcher itself: no stream and no signal is made for an answer that is mostly
 * empty. Follows no redirects: a 3xx is an answer like any other. Never rejects; `onEnd` is told before
 * whoever waits.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  deadlines: Deadlines,
  onEnd: () => void,
): Promise<SentPost> {
  return new Promise((resolve) => {
    const began = monotonicNow();
    // Most answers have no body.
    let excerpt: Excerpt | undefined;
    let controller: Dispatcher.DispatchController | undefined;
    let response_status: number | null = null;
    let retry_after: string | null = null;
    let ended = false;

    function end(error: TransportError | null): void {
      if (ended) return;
      ended = true;
      cancel();
      onEnd();
      const response_excerpt = excerpt?.text() ?? null;
      const latency_ms = Math.round(monotonicNow() - began);
      resolve({ response_status, error, response_excerpt, retry_after, latency_ms });
    }

    const cancel = deadlines.begin(() => {
      end('TIMEOUT');
      controller?.abort(new Error('No whole answer in time'));
    });
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (started) => {
        controller = started;
        // It waited for its connection for too long.
        if (ended) started.abort(new Error('Not sent in time'));
      },
      onResponseStart: (_controller, statusCode, headers) => {
        // An informational answer comes before the one that counts; only a very long one gets here.
        if (statusCode < 200) return;
        response_status = statusCode;
        const value = headers['retry-after'];
        retry_after = (typeof value === 'string' ? value : value?.[0]) ?? null;
      },
      onResponseData: (reading, chunk) => {
        excerpt ??= createExcerpt();
        if (ended || excerpt.add(chunk)) return;
        end(null);
        reading.abort(new Error('The rest of the answer is not read'));
      },
      onResponseEnd: () => end(null),
      onResponseError: (_controller, error) =>
        end(endsWithHead(response_status) ? null : transportErrorOf(error, response_status !== null)),
    };
    try {
      dispatcher.dispatch(request, handler);
    } catch (error) {
      end(transportErrorOf(error, false));
    }
  });
}

/** RFC 9112 6.3: whatever their `Content-Length` says, which undici would wait for. */
function endsWithHead(response_status: number | null): boolean {
  return response_status === 204 || response_status === 304;
}
