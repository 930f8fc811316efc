import { Pool } from 'undici';
import { maxPerLane } from '../../engine/lanes.ts';
import { second } from '../../platform/time.ts';
import { guardedLookup, isLiteralRefused, type Resolve } from '../address-guard.ts';
import { type TargetPolicy, urlReasons } from '../target-rules.ts';
import { createDeadlines } from './deadlines.ts';
import { exchange, type SentPost } from './exchange.ts';

export interface OutgoingPost {
  /** Posts of one lane (a subscription) share their connections and no others. */
  readonly lane: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Transport {
  /** Never rejects: what goes wrong is an outcome. */
  post(post: OutgoingPost): Promise<SentPost>;
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly policy: TargetPolicy;
  /** Milliseconds for the whole exchange; D: 10 s. */
  readonly timeout?: number;
  readonly resolve?: Resolve;
}

const wholeExchange = 10 * second;

export function createTransport({ policy, timeout = wholeExchange, resolve }: TransportOptions): Transport {
  const routes = createRoutes(policy, () => ({
    connections: maxPerLane,
    pipelining: 1,
    keepAliveTimeout: 4 * second,
    keepAliveMaxTimeout: 30 * second,
    connect: { lookup: guardedLookup(policy, resolve), timeout },
  }));
  const deadlines = createDeadlines(timeout);
  return {
    post: ({ lane, url, headers, body }) => {
      const route = routes.of(lane, url);
      if (route === undefined) return refused;
      return exchange(route.pool, { method: 'POST', path: route.path, headers, body }, deadlines);
    },
    close: routes.close,
  };
}

const refused = Promise.resolve<SentPost>({
  response_status: null,
  error: 'ADDRESS_NOT_ALLOWED',
  response_excerpt: null,
  retry_after: null,
  latency_ms: 0,
});

/** The rules may have become stricter since the subscription was made. */
function allowedUrl(text: string, policy: TargetPolicy): URL | undefined {
  if (urlReasons(text, policy).length > 0) return undefined;
  const url = new URL(text);
  return isLiteralRefused(url, policy) ? undefined : url;
}

/** How a lane reaches its URL: checked once, for the rules are the same as long as this process lives. */
interface Route {
  readonly pool: Pool;
  /** With its query. */
  readonly path: string;
}

/** Pools that are not used for long hold no connection, only their own memory; beyond this many the oldest go. */
const maxRoutes = 2_000;

function createRoutes(policy: TargetPolicy, options: () => Pool.Options) {
  // In order of use, the latest last.
  const routes = new Map<string, Route>();
  let latest = '';

  /** Undefined when nothing may be sent there. */
  function of(lane: string, text: string): Route | undefined {
    const key = `${lane} ${text}`;
    const known = routes.get(key);
    if (known !== undefined && key === latest) return known;
    const route = known ?? newRoute(text);
    if (route === undefined) return undefined;
    latest = key;
    routes.delete(key);
    routes.set(key, route);
    if (routes.size > maxRoutes) forgetOldest();
    return route;
  }

  function newRoute(text: string): Route | undefined {
    const url = allowedUrl(text, policy);
    return url && { pool: new Pool(url.origin, options()), path: `${url.pathname}${url.search}` };
  }

  function forgetOldest(): void {
    for (const [key, { pool }] of routes) {
      routes.delete(key);
      // Waits for what is on its way.
      pool.close().catch(() => undefined);
      return;
    }
  }

  async function close(): Promise<void> {
    const open = [...routes.values()];
    routes.clear();
    await Promise.all(open.map(({ pool }) => pool.destroy()));
  }

  return { of, close };
}
