import type { ServerResponse } from 'node:http';
import { type LiveType, liveTypes } from '@osigu-sandbox/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { findClient } from '../../core/providers/callers.ts';
import { hasExpired } from '../../core/tokens/tokens.ts';
import type { Live } from '../../engine/live.ts';
import { fault } from '../../platform/errors.ts';
import { every, second } from '../../platform/time.ts';
import type { Endpoints } from '../endpoint.ts';
import { streamLive } from '../live-stream.ts';
import { bytesOf } from '../openapi.ts';
import { bearerToken } from '../plugins/authentication.ts';
import { type ControlOptions, own, ProviderPath, providerIdOf } from './control.ts';

/** Of one provider, in this process. */
const maxStreams = 20;
const eventStream = 'text/event-stream';
const oneType = `(${liveTypes.join('|')})`;

export interface LiveRouteOptions extends ControlOptions {
  readonly app: FastifyInstance;
  readonly live: Live;
}

/** What happens to a provider, as it happens. */
export function liveRoutes(endpoints: Endpoints, { app, live, units }: LiveRouteOptions): void {
  const { db } = units.store;
  const endOf = new Map<ServerResponse, () => void>();
  let stopping = false;
  // Otherwise the server waits for the answers to end.
  app.addHook('preClose', async () => {
    stopping = true;
    for (const end of endOf.values()) end();
  });

  function open(provider_id: string, request: FastifyRequest, reply: FastifyReply, types?: string): void {
    const response = takeOver(reply);
    const options = { live, provider_id, types: typesOf(types), since: lastSeen(request) };
    const end = streamLive(response, options);
    endOf.set(response, end);
    const stopLooking = every(second, () => {
      // What cannot be looked up now can a second later.
      void mayWatch(request).then(
        (may) => may || end(),
        () => {},
      );
    });
    response.on('close', () => {
      stopLooking();
      endOf.delete(response);
    });
  }

  /** A token may have expired since, or its secret been rotated; the operator key lives as long as the process. */
  async function mayWatch(request: FastifyRequest): Promise<boolean> {
    const { caller } = request;
    if (caller === undefined) return true;
    const client = await findClient(db, caller.client_id);
    return (
      client?.credential_version === caller.credential_version && !hasExpired(bearerToken(request) ?? '')
    );
  }

  endpoints.open({
    method: 'GET',
    url: '/_sandbox/v1/providers/:provider_slug/live',
    operationId: 'watchProvider',
    tag: 'Sandbox control',
    summary: 'Live stream of requests, events and deliveries',
    description:
      'Server-sent events: `request` (an entry of the request log), `event` (the envelope), `delivery` (an attempt with ' +
      'its outcome), each with its `id`, and `gap` where something was missed. `Last-Event-ID`, or `last_event_id`, goes ' +
      'on after that item while it is remembered. At most 20 streams per provider.',
    provenance: 'sandbox',
    access: own,
    anyAccept: true,
    params: ProviderPath,
    query: Type.Object({
      types: Type.Optional(
        Type.String({
          pattern: `^${oneType}(,${oneType})*$`,
          description: 'Comma-separated: request, event, delivery. Default: all.',
        }),
      ),
      last_event_id: Type.Optional(Type.String({ maxLength: 100 })),
    }),
    answers: { 200: bytesOf([eventStream]) },
    errors: ['071-404-provider', '071-403-provider-mismatch', '071-429-live-streams'],
    exists: (params) => providerIdOf(db, params),
    open: async ({ params, query, request, reply }) => {
      const provider_id = await providerIdOf(db, params);
      if (stopping) throw fault('071-503', { retryAfter: 1 });
      if (live.watchers(provider_id) >= maxStreams) throw fault('071-429-live-streams', { retryAfter: 5 });
      if (request.method === 'HEAD') return reply.type(eventStream).send('');
      return open(provider_id, request, reply, query.types);
    },
  });
}

/** The answer is written here from now on, with the headers that others have set. */
function takeOver(reply: FastifyReply): ServerResponse {
  reply.hijack();
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': eventStream,
    'cache-control': 'no-store',
    // A proxy that collects an answer before it passes it on would hold everything back.
    'x-accel-buffering': 'no',
  });
  return reply.raw;
}

function typesOf(text: string | undefined): ReadonlySet<LiveType> | undefined {
  return text === undefined ? undefined : new Set(text.split(',') as LiveType[]);
}

/** In the query for browsers, which would ask for a preflight that names the header. */
function lastSeen(request: FastifyRequest): string | undefined {
  const header = request.headers['last-event-id'];
  const { last_event_id } = request.query as { last_event_id?: string };
  return typeof header === 'string' && header !== '' ? header : last_event_id;
}
