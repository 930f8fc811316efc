import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { keptOfForm, keptOfValue } from '../../core/requests/bodies.ts';
import type { EndedCall } from '../../core/requests/call.ts';
import type { RequestLog } from '../../core/requests/request-log.ts';
import { newId } from '../../platform/ids.ts';
import { realNow } from '../../platform/time.ts';

/** Whose call it is, known from its token or its client id, whether it was let in or not. */
export interface Identified {
  readonly client_id: string;
  readonly provider_id: string;
  readonly clock_offset: number;
  readonly reset_at_real: number | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set where the caller is told by the call, before anything is refused. Never for the control surface. */
    identified: Identified | undefined;
    /** Of a call that was over before anybody knew whose it is. */
    whenIdentified: ((client: Identified) => void) | undefined;
    /** Asks whose a call is that only names its client. Asked when the answer is out, so that its time tells nothing. */
    findNamed: (() => Promise<Identified | undefined>) | undefined;
    /** What was sent, for the log. */
    sent: unknown;
    /** The body as it came, where it was JSON that could be read. */
    jsonText: string | undefined;
  }
}

/** A longer one is cut at once: to hand it over would cost more. */
const longestText = 32_768;

export function identifyAs(request: FastifyRequest, client: Identified): void {
  request.identified = client;
  request.whenIdentified?.(client);
}

/**
 * Hands each call of an identified client over when it has ended, with an answer or without one. Installed before
 * whatever may refuse a call.
 */
export function installRequestLog(
  app: FastifyInstance,
  { record, recordLater }: Pick<RequestLog, 'record' | 'recordLater'>,
): void {
  app.decorateRequest('sent', undefined);
  app.decorateRequest('whenIdentified', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    const note = (client: Identified) => {
      if (!request.url.startsWith('/_sandbox/')) record(endedCall(request, reply, client));
    };
    reply.raw.on('close', () => {
      const { identified, findNamed } = request;
      if (identified !== undefined) note(identified);
      else if (findNamed === undefined) request.whenIdentified = note;
      else recordLater(findNamed().then((client) => client && endedCall(request, reply, client)));
    });
    done();
  });
}

/** Installed after whatever else changes an answer. */
export function installAnswerNoting(app: FastifyInstance): void {
  app.addHook('onSend', (request, _reply, payload, done) => {
    if (request.identified !== undefined || request.findNamed !== undefined) request.sent = payload;
    done(null, payload);
  });
}

function endedCall(request: FastifyRequest, reply: FastifyReply, client: Identified): EndedCall {
  const { client_id, provider_id, clock_offset, reset_at_real } = client;
  const latency = reply.elapsedTime;
  // To a caller that hangs up while it sends, the error that this makes is not an answer.
  const answered = reply.raw.writableEnded && !isBroken(request);
  const { headers } = request;
  const response_type = answered ? textOf(reply.getHeader('content-type')) : null;
  const hasBody = headers['transfer-encoding'] !== undefined || sizeOf(headers['content-length']) !== null;
  const text = request.jsonText;
  const isShort = text !== undefined && text.length <= longestText;
  return {
    log_id: newId('loggedRequest'),
    client_id,
    provider_id,
    clock_offset,
    reset_at_real,
    request_id: request.id,
    at_real: Math.round(realNow() - latency),
    method: request.method,
    url: request.url,
    route: request.routeOptions.url ?? null,
    status: answered ? reply.statusCode : null,
    latency_ms: Math.round(latency),
    error_code: request.errorCode ?? null,
    idempotency: idempotencyOf(request, reply),
    fault: request.faultApplied ?? null,
    request_type: hasBody ? textOf(headers['content-type']) : null,
    request_bytes: sizeOf(headers['content-length']),
    request: isShort ? text : undefined,
    request_kept: hasBody && !isShort ? keptOf(request) : undefined,
    response_type,
    response_bytes: answered ? sizeOf(reply.getHeader('content-length')) : null,
    response: isJson(response_type) && typeof request.sent === 'string' ? request.sent : undefined,
  };
}

/** A call without a body is given an empty one to be checked. */
function keptOf({ body, headers, url, routeOptions }: FastifyRequest): string | undefined {
  const type = headers['content-type'];
  if (body === undefined || body === null || type === undefined) return undefined;
  if (/^\s*application\/x-www-form-urlencoded\b/i.test(type)) return keptOfForm(body);
  return keptOfValue(body, { route: routeOptions.url ?? null, url });
}

function isBroken({ raw }: FastifyRequest): boolean {
  return raw.errored !== null && raw.errored !== undefined;
}

function idempotencyOf(request: FastifyRequest, reply: FastifyReply): EndedCall['idempotency'] {
  if (request.headers['idempotency-key'] === undefined || request.method !== 'POST') return null;
  return reply.getHeader('idempotent-replayed') === undefined ? 'NEW' : 'REPLAYED';
}

function textOf(header: unknown): string | null {
  return typeof header === 'string' ? header : null;
}

/** Null where there is none, or nothing in it. */
function sizeOf(header: unknown): number | null {
  const size = Number(header ?? 0);
  return size > 0 ? size : null;
}

function isJson(type: string | null): boolean {
  return type?.startsWith('application/json') === true;
}
