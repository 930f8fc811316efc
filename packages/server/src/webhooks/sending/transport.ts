import { Client, type Dispatcher } from 'undici';
import { connectionsInAll } from '../../engine/connections.ts';
import { second } from '../../platform/time.ts';
import { guardedLookup, isLiteralRefused, type Resolve } from '../address-guard.ts';
import { type TargetPolicy, urlReasons } from '../target-rules.ts';
import { createDeadlines } from './deadlines.ts';
import { exchange, type SentPost } from './exchange.ts';
import { createConnector } from './interim-answers.ts';

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
  const lookup = guardedLookup(policy, resolve);
  const routes = createRoutes(policy, () => ({
    pipelining: 1,
    keepAliveTimeout: 4 * second,
    keepAliveMaxTimeout: 30 * second,
    connect: createConnector({ lookup, timeout }),
  }));
  const deadlines = createDeadlines(timeout);
  return {
    post: ({ lane, url, headers, body }) => {
      const route = routes.of(lane, url);
      if (route === undefined) return refused;
      const connection = connectionOf(route);
      connection.posts += 1;
      const request: Dispatcher.DispatchOptions = { method: 'POST', path: route.path, headers, body };
      return exchange(connection.client, request, deadlines, () => {
        connection.posts -= 1;
        if (connection.posts === 0) route.idle.push(connection);
      });
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
  readonly url: string;
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  readonly options: Client.Options;
  readonly connections: Connection[];
  /** Those without a post, the latest last. */
  readonly idle: Connection[];
}

/** Kept here and not in undici's pool, whose finding of a free one costs a tenth of a post. */
interface Connection {
  readonly client: Client;
  /** Under way or waiting for it. */
  posts: number;
}

function connectionOf({ origin, options, connections, idle }: Route): Connection {
  const free = idle.pop();
  if (free !== undefined) return free;
  if (connections.length < connectionsInAll) {
    const made: Connection = { client: new Client(origin, options), posts: 0 };
    connections.push(made);
    return made;
  }
  return connections.reduce((least, one) => (one.posts < least.posts ? one : least));
}

/** Each connection waits for what is on its way. */
function leave({ connections }: Route): void {
  for (const { client } of connections) client.close().catch(() => undefined);
}

/** Routes that are not used for long hold no connection, only their own memory; beyond this many the oldest go. */
const maxRoutes = 2_000;

/** One for each lane: where it went before its URL was changed, no connection stays. */
function createRoutes(policy: TargetPolicy, newOptions: () => Client.Options) {
  // By lane, in order of use, the latest last.
  const routes = new Map<string, Route>();
  let latest: Route | undefined;

  /** Undefined when nothing may be sent there. */
  function of(lane: string, url: string): Route | undefined {
    const known = routes.get(lane);
    const isSame = known?.url === url;
    if (isSame && known === latest) return known;
    const route = isSame ? known : newRoute(url);
    if (route === undefined) return undefined;
    if (known !== undefined && !isSame) leave(known);
    latest = route;
    routes.delete(lane);
    routes.set(lane, route);
    if (routes.size > maxRoutes) forgetOldest();
    return route;
  }

  function newRoute(text: string): Route | undefined {
    const url = allowedUrl(text, policy);
    if (url === undefined) return undefined;
    const path = `${url.pathname}${url.search}`;
    return { url: text, origin: url.origin, path, options: newOptions(), connections: [], idle: [] };
  }

  function forgetOldest(): void {
    for (const [lane, route] of routes) {
      routes.delete(lane);
      leave(route);
      return;
    }
  }

  async function close(): Promise<void> {
    const open = [...routes.values()].flatMap(({ connections }) => connections);
    routes.clear();
    await Promise.all(open.map(({ client }) => client.destroy()));
  }

  return { of, close };
}
