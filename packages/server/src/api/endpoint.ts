import type { ErrorCode } from '@osigu-sandbox/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { selectWorld } from '../core/providers/callers.ts';
import { providerNow } from '../engine/clock.ts';
import type { LockMode } from '../engine/provider-context.ts';
import type { RunOptions, UnitOfWork, UnitsOfWork } from '../engine/unit-of-work.ts';
import { Fault, fault, type Issue, rejectIssues } from '../platform/errors.ts';
import {
  type Answer,
  answerOnce,
  carryOutOnce,
  isReplay,
  ok,
  type Replies,
  type Run,
  refuseOnce,
  sendAnswer,
} from './answers.ts';
import { type IdempotentCall, idempotentCall } from './idempotency.ts';
import { createInputCheck } from './input.ts';
import { describeRoute } from './openapi.ts';
import type { Access, Caller } from './request.ts';

/** What reading needs of a unit of work. */
export type ReadContext = Pick<UnitOfWork, 'db' | 'provider' | 'now'>;

export interface Input<P extends TSchema, Q extends TSchema, B extends TSchema> {
  readonly params: Static<P>;
  readonly query: Static<Q>;
  readonly body: Static<B>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

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
  /** Runs before a byte of the body is read, for a route that counts its callers itself. */
  readonly arrive?: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Shown in the document and not checked: the route answers for itself what is wrong with it. */
  readonly documentedBody?: TSchema;
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

export interface WriteEndpoint<P extends TSchema, Q extends TSchema, B extends TSchema, R = undefined>
  extends Description<P, Q, B> {
  /** Throws 404 or 403 when what the URL names is not there: asked before a 422 is answered (contract section 2). */
  readonly exists?: (context: ReadContext, params: Static<P>) => Promise<unknown>;
  /** Reads what arrives in another form than JSON into `request.body`, before anything else. */
  readonly prepare?: (request: FastifyRequest) => Promise<void>;
  /** What must not happen inside a transaction (resolving a name); its result goes to `write`. */
  readonly before?: (context: ReadContext, input: Input<P, Q, B>) => Promise<R>;
  /** Exclusive where calls of one provider must not run beside each other. */
  readonly lock?: LockMode;
  readonly write: (uow: UnitOfWork, input: Input<P, Q, B>, before: R) => Promise<Answer>;
}

export interface OpenEndpoint<P extends TSchema, Q extends TSchema, B extends TSchema>
  extends Description<P, Q, B> {
  readonly exists?: (params: Static<P>, request: FastifyRequest) => Promise<unknown>;
  /** For routes without a tenant of their own: the token endpoint, reading the control surface, operations. */
  readonly open: (input: Input<P, Q, B>) => Promise<unknown>;
}

/** A write of the control surface, in one transaction of the provider that it is about, whoever calls. */
export interface ControlEndpoint<P extends TSchema, Q extends TSchema, B extends TSchema, R = undefined>
  extends Description<P, Q, B> {
  /** Throws 404 where there is none that the caller may know of: asked before a 422 is answered. */
  readonly provider: (params: Static<P>, request: FastifyRequest) => Promise<string>;
  /** What must not happen inside the transaction; its result goes to `write`. */
  readonly before?: (provider_id: string, input: Input<P, Q, B>) => Promise<R>;
  readonly lock?: LockMode;
  readonly write: (uow: UnitOfWork, input: Input<P, Q, B>, before: R) => Promise<Answer>;
  /** Once it is committed. */
  readonly done?: (input: Input<P, Q, B>, before: R) => void;
}

/** A write of the control surface that takes many transactions. */
export interface StepsEndpoint<P extends TSchema, Q extends TSchema, B extends TSchema, Plan>
  extends Description<P, Q, B> {
  readonly exists?: (params: Static<P>, request: FastifyRequest) => Promise<unknown>;
  /** Refuses, or says as plain JSON where all this leads: to carry it out again leads no further. */
  readonly plan: (input: Input<P, Q, B>) => Promise<Plan>;
  readonly carryOut: (plan: Plan, input: Input<P, Q, B>) => Promise<Answer>;
}

export interface Endpoints {
  read<P extends TSchema, Q extends TSchema, B extends TSchema>(endpoint: ReadEndpoint<P, Q, B>): void;
  write<P extends TSchema, Q extends TSchema, B extends TSchema, R = undefined>(
    endpoint: WriteEndpoint<P, Q, B, R>,
  ): void;
  open<P extends TSchema, Q extends TSchema, B extends TSchema>(endpoint: OpenEndpoint<P, Q, B>): void;
  control<P extends TSchema, Q extends TSchema, B extends TSchema, R = undefined>(
    endpoint: ControlEndpoint<P, Q, B, R>,
  ): void;
  steps<P extends TSchema, Q extends TSchema, B extends TSchema, Plan>(
    endpoint: StepsEndpoint<P, Q, B, Plan>,
  ): void;
}

/** Declares routes so that schema, documentation, access and handler stand in one place. */
export function createEndpoints(app: FastifyInstance, units: UnitsOfWork): Endpoints {
  return {
    read: (endpoint) => readRoute(app, units, endpoint),
    write: (endpoint) => writeRoute(app, units, endpoint),
    open: (endpoint) => openRoute(app, endpoint),
    control: (endpoint) => controlRoute(app, units, endpoint),
    steps: (endpoint) => stepsRoute(app, units, endpoint),
  };
}

function readRoute<P extends TSchema, Q extends TSchema, B extends TSchema>(
  app: FastifyInstance,
  units: UnitsOfWork,
  endpoint: ReadEndpoint<P, Q, B>,
): void {
  const check = createInputCheck(endpoint);
  route(app, { ...endpoint, takesKey: true }, async (input) => {
    const caller = callerOf(input.request);
    const issues = check(input.request);
    const read = async (context: ReadContext) => {
      await requireSound(issues, () => endpoint.exists?.(context, input.params));
      return endpoint.read(context, input);
    };
    // A search is a POST too, and any POST may carry a key.
    const call = idempotentCall(input.request);
    if (call === undefined) return readOneWorld(units, caller, read);
    const run: Run = (work) => units.run(caller.provider_id, work);
    return answerOnce(run, call, input, async (uow) => ok(await read(uow)));
  });
}

function writeRoute<P extends TSchema, Q extends TSchema, B extends TSchema, R>(
  app: FastifyInstance,
  units: UnitsOfWork,
  endpoint: WriteEndpoint<P, Q, B, R>,
): void {
  const check = createInputCheck(endpoint);
  route(app, { ...endpoint, takesKey: true }, async (input) => {
    const caller = callerOf(input.request);
    await endpoint.prepare?.(input.request);
    const issues = check(input.request);
    const outcome = await makeReady(endpoint, readContext(units, caller), input, issues);
    const write = async (uow: UnitOfWork) => {
      if ('failure' in outcome) throw outcome.failure;
      return endpoint.write(uow, input, outcome.ready);
    };
    const run: Run = (work) => units.run(caller.provider_id, work, lockOf(endpoint.lock));
    const call = idempotentCall(input.request);
    if (call !== undefined) return answerOnce(run, call, input, write);
    // Bad input costs no transaction.
    if ('failure' in outcome) throw outcome.failure;
    return sendAnswer(input.reply, await run(write));
  });
}

function openRoute<P extends TSchema, Q extends TSchema, B extends TSchema>(
  app: FastifyInstance,
  endpoint: OpenEndpoint<P, Q, B>,
): void {
  const check = createInputCheck(endpoint);
  route(app, { ...endpoint, takesKey: false }, async (input) => {
    const issues = check(input.request);
    await requireSound(issues, () => endpoint.exists?.(input.params, input.request));
    return endpoint.open(input);
  });
}

function controlRoute<P extends TSchema, Q extends TSchema, B extends TSchema, R>(
  app: FastifyInstance,
  units: UnitsOfWork,
  endpoint: ControlEndpoint<P, Q, B, R>,
): void {
  const check = createInputCheck(endpoint);
  route(app, { ...endpoint, takesKey: true }, async (input) => {
    const { params, request, reply } = input;
    const issues = check(request);
    const call = idempotentCall(request);
    const outcome = await attempt(async () => {
      const provider_id = await endpoint.provider(params, request);
      rejectIssues(issues);
      return { provider_id, before: (await endpoint.before?.(provider_id, input)) as R };
    });
    if ('failure' in outcome) return refuse(units, call, input, outcome.failure);
    const { provider_id, before } = outcome.ready;
    const run: Run = (work) => units.run(provider_id, work, lockOf(endpoint.lock));
    const write = (uow: UnitOfWork) => endpoint.write(uow, input, before);
    const answer = await (call === undefined
      ? run(write).then((written) => sendAnswer(reply, written))
      : answerOnce(run, call, input, write));
    if (!isReplay(reply)) endpoint.done?.(input, before);
    return answer;
  });
}

function stepsRoute<P extends TSchema, Q extends TSchema, B extends TSchema, Plan>(
  app: FastifyInstance,
  units: UnitsOfWork,
  endpoint: StepsEndpoint<P, Q, B, Plan>,
): void {
  const check = createInputCheck(endpoint);
  route(app, { ...endpoint, takesKey: true }, async (input) => {
    const { params, request, reply } = input;
    const issues = check(request);
    const call = idempotentCall(request);
    const outcome = await attempt(async () => {
      await requireSound(issues, () => endpoint.exists?.(params, request));
      return endpoint.plan(input);
    });
    if ('failure' in outcome) return refuse(units, call, input, outcome.failure);
    const carryOut = (plan: Plan) => endpoint.carryOut(plan, input);
    if (call !== undefined) return carryOutOnce(units.store, call, input, outcome.ready, carryOut);
    return sendAnswer(reply, await carryOut(outcome.ready));
  });
}

/** What is not there is 404 before anything that is wrong with the input is 422 (contract section 2). */
async function requireSound(
  issues: readonly Issue[],
  exists: () => Promise<unknown> | undefined,
): Promise<void> {
  if (issues.length === 0) return;
  await exists();
  rejectIssues(issues);
}

async function refuse(
  { store }: UnitsOfWork,
  call: IdempotentCall | undefined,
  replies: Replies,
  failure: Fault,
): Promise<unknown> {
  if (call === undefined) throw failure;
  return refuseOnce(store, call, replies, failure);
}

/** A reset between two statements would leave half of either world in the answer: then all is read again. */
async function readOneWorld<T>(
  units: UnitsOfWork,
  caller: Caller,
  read: (context: ReadContext) => Promise<T>,
): Promise<T> {
  const answer = await read(readContext(units, caller));
  const [world] = await selectWorld(units.store.db, { provider_id: caller.provider_id });
  if (world === undefined || world.reset_at_real === caller.reset_at_real) return answer;
  return readOneWorld(units, { ...caller, ...world }, read);
}

/** Everything that comes before the transaction: what is wrong with the input, and what `before` finds out. */
async function makeReady<P extends TSchema, Q extends TSchema, B extends TSchema, R>(
  endpoint: WriteEndpoint<P, Q, B, R>,
  context: ReadContext,
  input: Input<P, Q, B>,
  issues: readonly Issue[],
): Promise<Outcome<R>> {
  return attempt(async () => {
    await requireSound(issues, () => endpoint.exists?.(context, input.params));
    return (await endpoint.before?.(context, input)) as R;
  });
}

type Outcome<T> = { readonly failure: Fault } | { readonly ready: T };

/** A refusal is an answer too, and may have to be kept with a key. */
async function attempt<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ready: await work() };
  } catch (error) {
    if (error instanceof Fault) return { failure: error };
    throw error;
  }
}

function lockOf(lock: LockMode | undefined): RunOptions {
  return lock === undefined ? {} : { lock };
}

function readContext(units: UnitsOfWork, caller: Caller): ReadContext {
  return { db: units.store.db, provider: caller, now: providerNow(caller.clock_offset) };
}

function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw fault('071-401');
  return request.caller;
}

function route<P extends TSchema, Q extends TSchema, B extends TSchema>(
  app: FastifyInstance,
  endpoint: Description<P, Q, B> & { readonly takesKey: boolean },
  handle: (input: Input<P, Q, B>) => Promise<unknown>,
): void {
  app.route({
    method: endpoint.method,
    url: endpoint.url,
    schema: describeRoute(endpoint),
    ...(endpoint.arrive && { onRequest: endpoint.arrive }),
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
