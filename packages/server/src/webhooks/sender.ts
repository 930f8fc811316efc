import type { Pool } from 'undici';
import { maxPerLane } from '../engine/lanes.ts';
import { monotonicNow, second } from '../platform/time.ts';
import { guardedLookup, isLiteralRefused, type Resolve } from './address-guard.ts';
import { createDeadlines } from './deadlines.ts';
import { type Answered, exchange } from './exchange.ts';
import { type TargetPolicy, urlReasons } from './target-rules.ts';

export interface OutgoingPost {
  /** Posts of one lane (a subscription) share their connections and no others. */
  readonly lane: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SentPost extends Answered {
  readonly latency_ms: number;
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
  const deadlines = createDeadlines(timeout);
  let PoolOf: typeof Pool | undefined;

  async function answerTo({ lane, url: text, headers, body }: OutgoingPost): Promise<Answered> {
    // Loaded with the first delivery: a sandbox without receivers is spared its memory.
    PoolOf ??= (await import('undici')).Pool;
    const url = allowedUrl(text, policy);
    if (url === undefined) return { ...unanswered, error: 'ADDRESS_NOT_ALLOWED' };
    const { origin, pathname, search } = url;
    const request = { method: 'POST', path: `${pathname}${search}`, headers, body } as const;
    return exchange(pools.of(lane, origin, PoolOf), request, deadlines);
  }

  return {
    send: async (post) => {
      const started = monotonicNow();
      const answered = await answerTo(post);
      return { ...answered, latency_ms: Math.round(monotonicNow() - started) };
    },
    close: pools.close,
  };
}

const unanswered = { response_status: null, response_excerpt: null, retry_after: null } as const;

/** The rules may have become stricter since the subscription was made. */
function allowedUrl(text: string, policy: TargetPolicy): URL | undefined {
  if (urlReasons(text, policy).length > 0) return undefined;
  const url = new URL(text);
  return isLiteralRefused(url, policy) ? undefined : url;
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
