import type { Dispatcher, Pool } from 'undici';
import { maxPerLane } from '../engine/worker.ts';
import { deadline, monotonicNow, second } from '../platform/time.ts';
import { addressRefusal, guardedLookup, isLiteralRefused, type Resolve } from './address-guard.ts';
import { readExcerpt } from './answer-excerpt.ts';
import { type TargetPolicy, urlReasons } from './target-rules.ts';
import { type TransportError, transportErrorOf } from './transport-errors.ts';

export interface OutgoingPost {
  /** Posts of one lane (a subscription) share their connections and no others. */
  readonly lane: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SentPost {
  readonly response_status: number | null;
  readonly latency_ms: number;
  /** Null when the whole answer came in time. */
  readonly error: TransportError | null;
  readonly response_excerpt: string | null;
  readonly retry_after: string | null;
}

export interface Sender {
  /** Never rejects: what goes wrong is an outcome. */
  send(post: OutgoingPost): Promise<SentPost>;
  close(): Promise<void>;
}

export interface SenderOptions {
  readonly policy: TargetPolicy;
  /** Milliseconds for the whole exchange; D: 10 s. */
  readonly timeout?: number;
  readonly resolve?: Resolve;
}

const wholeExchange = 10 * second;

export function createSender({ policy, timeout = wholeExchange, resolve }: SenderOptions): Sender {
  const pools = createPools(() => ({
    connections: maxPerLane,
    pipelining: 1,
    keepAliveTimeout: 4 * second,
    keepAliveMaxTimeout: 30 * second,
    connect: { lookup: guardedLookup(policy, resolve), timeout },
  }));
  let undici: Promise<typeof import('undici')> | undefined;
  return {
    send: async (post) => {
      const started = monotonicNow();
      const { signal, cancel } = deadline(timeout);
      // Loaded with the first delivery: a sandbox without receivers is spared its memory.
      undici ??= import('undici');
      const { Pool } = await undici;
      const poolOf = (lane: string, origin: string) => pools.of(lane, origin, Pool);
      const outcome = await exchange(poolOf, policy, post, signal);
      cancel();
      return { ...outcome, latency_ms: Math.round(monotonicNow() - started) };
    },
    close: pools.close,
  };
}

type Outcome = Omit<SentPost, 'latency_ms'>;

async function exchange(
  poolOf: (lane: string, origin: string) => Pool,
  policy: TargetPolicy,
  { lane, url: text, headers, body }: OutgoingPost,
  signal: AbortSignal,
): Promise<Outcome> {
  let answer: Dispatcher.ResponseData | undefined;
  try {
    const url = allowedUrl(text, policy);
    // A dispatcher's `request` follows no redirects: a 3xx is an answer like any other.
    answer = await poolOf(lane, url.origin).request({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers,
      body,
      signal,
    });
    return outcomeOf(answer, null, await readExcerpt(answer.body));
  } catch (error) {
    return outcomeOf(answer, transportErrorOf(error), null);
  }
}

/** The rules may have become stricter since the subscription was made. */
function allowedUrl(text: string, policy: TargetPolicy): URL {
  if (urlReasons(text, policy).length > 0) throw addressRefusal();
  const url = new URL(text);
  if (isLiteralRefused(url, policy)) throw addressRefusal();
  return url;
}

function outcomeOf(
  answer: Dispatcher.ResponseData | undefined,
  error: TransportError | null,
  response_excerpt: string | null,
): Outcome {
  const retryAfter = answer?.headers['retry-after'];
  return {
    response_status: answer?.statusCode ?? null,
    error,
    response_excerpt,
    retry_after: (typeof retryAfter === 'string' ? retryAfter : retryAfter?.[0]) ?? null,
  };
}

/** Pools that are not used for long hold no connection, only their own memory; beyond this many the oldest go. */
const maxPools = 2_000;

function createPools(options: () => Pool.Options) {
  // In order of use, the latest last.
  const pools = new Map<string, Pool>();

  function of(lane: string, origin: string, PoolOf: typeof Pool): Pool {
    const key = `${lane} ${origin}`;
    const pool = pools.get(key) ?? new PoolOf(origin, options());
    pools.delete(key);
    pools.set(key, pool);
    if (pools.size > maxPools) forgetOldest();
    return pool;
  }

  function forgetOldest(): void {
    for (const [key, pool] of pools) {
      pools.delete(key);
      // Waits for what is on its way.
      pool.close().catch(() => undefined);
      return;
    }
  }

  async function close(): Promise<void> {
    const open = [...pools.values()];
    pools.clear();
    await Promise.all(open.map((pool) => pool.destroy()));
  }

  return { of, close };
}
