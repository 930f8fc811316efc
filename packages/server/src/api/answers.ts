import type { FastifyReply, FastifyRequest } from 'fastify';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import { Fault } from '../platform/errors.ts';
import { sleep } from '../platform/time.ts';
import { type IdempotentCall, keepAnswer, takeKey } from './idempotency.ts';

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

interface Replies {
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
  if ('answer' in outcome) return sendAnswer(reply, outcome.answer);
  reply.header('idempotent-replayed', 'true');
  return send(reply, outcome.earlier.status, outcome.earlier.headers, outcome.earlier.body);
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
