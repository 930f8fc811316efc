import type { ErrorCode } from '@osigu-sandbox/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { providerNow } from '../engine/clock.ts';
import type { UnitOfWork, UnitsOfWork } from '../engine/unit-of-work.ts';
import { Fault, fault, type Issue } from '../platform/errors.ts';
import { savepoint } from '../store/store.ts';
import { type IdempotentCall, idempotentCall, keepAnswer, takeKey } from './idempotency.ts';
import { describeRoute } from './openapi.ts';
import type { Access, Caller } from './request.ts';
import { createCheck, tidyBody } from './validation.ts';

/** What reading needs of a unit of work. */
export type ReadContext = Pick<UnitOfWork, 'db' | 'provider' | 'now'>;

export interface Input<P extends TSchema, Q extends TSchema, B extends TSchema> {
  readonly params: Static<P>;
  readonly query: Static<Q>;
  readonly body: Static<B>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** What a writing route answers. A `refusal` is answered after its transaction is committed (a counted wrong try). */
export type Answer =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly refusal: Fault };

export type Provenance = 'documented' | 'observed' | 'sandbox';

interface Description<P extends TSchema, Q extends TSchema, B extends TSchema> {
  readonly method: HTTPMethods;
  readonly url: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly provenance: Provenance;
  readonly access: Access;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** The body may be absent altogether. */
  readonly bodyOptional?: boolean;
  readonly consumes?: readonly string[];
  readonly anyAccept?: boolean;
  readonly oauthErrors?: boolean;
  /** Success answers by status. */
  readonly answers: Readonly<Record<number, TSchema | undefined>>;
  /** Errors beyond those that every route can answer. */
  readonly errors?: readonly ErrorCode[];
  readonly bodyExample?: unknown;
}

export interface ReadEndpoint<P extends TSchema, Q extends TSchema, B extends TSchema>
  extends Description<P, Q, B> {
  readonly exists?: (context: ReadContext, params: Static<P>) => Promise<unknown>;
  readonly read: (context: ReadContext, input: Input<P, Q, B>) => Promise<unknown>;
}

export interface WriteEndpoint<P extends TSchema, Q extends TSchema, B extends TSchema>
  extends Description<P, Q, B> {
  /** Throws 404 or 403 when what the URL names is not there: asked before a 422 is answered (contract section 2). */
  readonly exists?: (context: ReadContext, params: Static<P>) => Promise<unknown>;
  /** Reads what arrives in another form than JSON into `request.body`, before anything else. */
  readonly prepare?: (request: FastifyRequest) => Promise<void>;
  readonly write: (uow: UnitOfWork, input: Input<P, Q, B>) => Promise<Answer>;
}

export interface OpenEndpoint<P extends TSchema, Q extends TSchema, B extends TSchema>
  extends Description<P, Q, B> {
  readonly exists?: (params: Static<P>, request: FastifyRequest) => Promise<unknown>;
  /** For routes without a tenant of their own: the token endpoint, the control surface, operations. */
  readonly open: (input: Input<P, Q, B>) => Promise<unknown>;
}

export interface Endpoints {
  read<P extends TSchema, Q extends TSchema, B extends TSchema>(endpoint: ReadEndpoint<P, Q, B>): void;
  write<P extends TSchema, Q extends TSchema, B extends TSchema>(endpoint: WriteEndpoint<P, Q, B>): void;
  open<P extends TSchema, Q extends TSchema, B extends TSchema>(endpoint: OpenEndpoint<P, Q, B>): void;
}

/** Declares routes so that schema, documentation, access and handler stand in one place. */
export function createEndpoints(app: FastifyInstance, units: UnitsOfWork): Endpoints {
  return {
    read: (endpoint) => {
      const check = createInputCheck(endpoint);
      route(app, endpoint, async (input) => {
        const context = readContext(units, callerOf(input.request));
        const issues = check(input.request);
        if (issues.length > 0) {
          await endpoint.exists?.(context, input.params);
          throw fault('071-422-validation', { errors: issues });
        }
        return endpoint.read(context, input);
      });
    },
    write: (endpoint) => {
      const check = createInputCheck(endpoint);
      route(app, endpoint, async (input) => {
        const caller = callerOf(input.request);
        await endpoint.prepare?.(input.request);
        const issues = check(input.request);
        const write = async (context: UnitOfWork) => {
          if (issues.length === 0) return endpoint.write(context, input);
          await endpoint.exists?.(context, input.params);
          throw fault('071-422-validation', { errors: issues });
        };
        const call = idempotentCall(input.request, caller);
        if (call !== undefined) return answerOnce(units, caller, call, input, write);
        if (issues.length > 0) {
          // Bad input costs no transaction.
          await endpoint.exists?.(readContext(units, caller), input.params);
          throw fault('071-422-validation', { errors: issues });
        }
        return sendAnswer(
          input.reply,
          await units.run(caller.provider_id, (uow) => endpoint.write(uow, input)),
        );
      });
    },
    open: (endpoint) => {
      const check = createInputCheck(endpoint);
      route(app, endpoint, async (input) => {
        const issues = check(input.request);
        if (issues.length > 0) {
          await endpoint.exists?.(input.params, input.request);
          throw fault('071-422-validation', { errors: issues });
        }
        return endpoint.open(input);
      });
    },
  };
}

export function readContext(units: UnitsOfWork, caller: Caller): ReadContext {
  return { db: units.store.db, provider: caller, now: providerNow(caller.clock_offset) };
}

export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw fault('071-401');
  return request.caller;
}

function route<P extends TSchema, Q extends TSchema, B extends TSchema>(
  app: FastifyInstance,
  endpoint: Description<P, Q, B>,
  handle: (input: Input<P, Q, B>) => Promise<unknown>,
): void {
  app.route({
    method: endpoint.method,
    url: endpoint.url,
    schema: describeRoute(endpoint),
    config: {
      access: endpoint.access,
      ...(endpoint.consumes && { consumes: endpoint.consumes }),
      ...(endpoint.anyAccept && { anyAccept: true }),
      ...(endpoint.oauthErrors && { oauthErrors: true }),
    },
    handler: (request, reply) =>
      handle({
        params: request.params as Static<P>,
        query: request.query as Static<Q>,
        // Read late: `prepare` and the check may put a body where there was none.
        get body() {
          return request.body as Static<B>;
        },
        request,
        reply,
      }),
  });
}

function createInputCheck<P extends TSchema, Q extends TSchema, B extends TSchema>(
  endpoint: Description<P, Q, B>,
): (request: FastifyRequest) => readonly Issue[] {
  const checkBody = endpoint.body && createCheck(endpoint.body, 'body');
  const checkQuery = endpoint.query && createCheck(endpoint.query, 'text');
  return (request) => {
    const issues: Issue[] = [];
    if (checkQuery !== undefined) {
      trimValues(request.query as Record<string, unknown>);
      issues.push(...checkQuery(request.query, 0));
    }
    if (checkBody === undefined) return issues;
    if (request.body === undefined || request.body === null) {
      // A call whose members are all optional may come without a body; the others hear what is missing.
      request.body = {};
      if (endpoint.bodyOptional === true) return issues;
    }
    tidyBody(request.body, issues);
    issues.push(...checkBody(request.body, Number(request.headers['content-length'] ?? 0)));
    return issues;
  };
}

/** O: query values arrive with blanks around them; an empty one counts as absent. */
function trimValues(query: Record<string, unknown>): void {
  for (const name of Object.keys(query)) {
    const value = query[name];
    if (typeof value !== 'string') continue;
    const trimmed = value.trim();
    if (trimmed === '') delete query[name];
    else query[name] = trimmed;
  }
}

type Replies = Pick<Input<TSchema, TSchema, TSchema>, 'request' | 'reply'>;

/**
 * Key, effect and answer are one transaction: the effect happens once, whatever crashes and however many
 * processes receive the duplicate, which waits for the first one's row.
 */
async function answerOnce(
  units: UnitsOfWork,
  caller: Caller,
  call: IdempotentCall,
  { request, reply }: Replies,
  write: (uow: UnitOfWork) => Promise<Answer>,
): Promise<unknown> {
  const outcome = await units.run(caller.provider_id, async (uow) => {
    const earlier = await takeKey(uow.db, call);
    if (earlier !== undefined) return { earlier };
    const answer = await savepoint(uow.db, () => write(uow)).catch((error: unknown) => {
      if (error instanceof Fault) return { refusal: error };
      throw error;
    });
    await keepAnswer(uow.db, call, answer, request, reply);
    return { answer };
  });
  if ('answer' in outcome) return sendAnswer(reply, outcome.answer);
  reply.header('idempotent-replayed', 'true');
  return send(reply, outcome.earlier.status, outcome.earlier.headers, outcome.earlier.body);
}

function sendAnswer(reply: FastifyReply, answer: Answer): unknown {
  if ('refusal' in answer) throw answer.refusal;
  return send(reply, answer.status, answer.headers, answer.body);
}

function send(
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>> | undefined,
  body: unknown,
): unknown {
  reply.code(status);
  if (headers !== undefined) reply.headers(headers);
  if (typeof body === 'string') {
    reply.type('application/json; charset=utf-8');
    return body;
  }
  // Fastify needs an explicit send where there is nothing to send.
  return body ?? reply.send();
}

export function created(body: unknown, location?: string): Answer {
  return { status: 201, body, ...(location !== undefined && { headers: { location } }) };
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export const noContent: Answer = { status: 204 };
