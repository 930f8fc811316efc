import type { FastifyReply, FastifyRequest } from 'fastify';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import { Fault } from '../platform/errors.ts';
import { every, sleep } from '../platform/time.ts';
import type { Store } from '../store/store.ts';
import {
  type IdempotentCall,
  keepAnswer,
  keepRefusal,
  leaveKey,
  prolongKey,
  type StoredAnswer,
  signOfLife,
  takeKey,
  takeKeyWithPlan,
} from './idempotency.ts';

/** What a writing route answers. A `refusal` is answered after its transaction is committed (a counted wrong try). */
export type Answer = (
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly refusal: Fault }
) & {
  /** Milliseconds that the answer is held back once the transaction is committed. */
  readonly delay?: number;
};

/** Runs work in one transaction of the caller's provider. */
export type Run = <T>(work: (uow: UnitOfWork) => Promise<T>) => Promise<T>;

export interface Replies {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * Key, effect and answer are one transaction: the effect happens once, whatever crashes and however many
 * processes receive the duplicate, which waits for the first one's row.
 */
export async function answerOnce(
  run: Run,
  call: IdempotentCall,
  { request, reply }: Replies,
  write: (uow: UnitOfWork) => Promise<Answer>,
): Promise<unknown> {
  const outcome = await run(async (uow) => {
    const earlier = await takeKey(uow.db, call);
    if (earlier !== undefined) return { earlier };
    const answer = await uow
      .part(() => write(uow))
      .catch((error: unknown) => {
        if (error instanceof Fault) return { refusal: error };
        throw error;
      });
    await keepAnswer(uow.db, call, answer, request, reply);
    return { answer };
  });
  return 'answer' in outcome ? sendAnswer(reply, outcome.answer) : replay(reply, outcome.earlier);
}

/** For what is refused before anybody knows whose transaction it would be. */
export async function refuseOnce(
  store: Store,
  call: IdempotentCall,
  { request, reply }: Replies,
  refusal: Fault,
): Promise<unknown> {
  const earlier = await store.transaction(async (db) => {
    const found = await takeKey(db, call);
    if (found === undefined) await keepRefusal(db, call, refusal, request);
    return found;
  });
  if (earlier === undefined) throw refusal;
  return replay(reply, earlier);
}

/**
 * For an effect that takes many transactions: the key and the plan are committed before it, the answer after it. Whoever
 * repeats the call after a crash in between carries the same plan out, so a plan names its end and not the way there.
 */
export async function carryOutOnce<Plan>(
  store: Store,
  call: IdempotentCall,
  { request, reply }: Replies,
  plan: Plan,
  carryOut: (plan: Plan) => Promise<Answer>,
): Promise<unknown> {
  const taken = await store.transaction((db) => takeKeyWithPlan(db, call, JSON.stringify(plan)));
  if ('earlier' in taken) return replay(reply, taken.earlier);
  const stop = every(signOfLife, () => {
    // Whoever cannot say so now can at the next time.
    prolongKey(store.db, call).catch(() => {});
  });
  try {
    const answer = await carryOut(JSON.parse(taken.plan) as Plan);
    await keepAnswer(store.db, call, answer, request, reply);
    return await sendAnswer(reply, answer);
  } catch (error) {
    await leaveKey(store.db, call).catch(() => {});
    throw error;
  } finally {
    stop();
  }
}

/** The answer is that of an earlier call: nothing has happened. */
export function isReplay(reply: FastifyReply): boolean {
  return reply.hasHeader('idempotent-replayed');
}

function replay(reply: FastifyReply, { status, headers, body }: StoredAnswer): unknown {
  reply.header('idempotent-replayed', 'true');
  return send(reply, status, headers, body);
}

export async function sendAnswer(reply: FastifyReply, answer: Answer): Promise<unknown> {
  if (answer.delay !== undefined && answer.delay > 0) await sleep(answer.delay);
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
