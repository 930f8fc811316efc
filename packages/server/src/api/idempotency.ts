import type { FastifyReply, FastifyRequest } from 'fastify';
import { answersKept } from '../core/retention/kinds.ts';
import { type Fault, fault } from '../platform/errors.ts';
import { sha256 } from '../platform/hashing.ts';
import { realNow } from '../platform/time.ts';
import { isLockTimeout } from '../store/failures.ts';
import { change, type Executor, statement } from '../store/statement.ts';
import type { Answer } from './answers.ts';
import { errorBody } from './errors.ts';
import type { Caller } from './request.ts';

/** Contract section 2, Idempotency (S). */
export interface IdempotentCall {
  readonly client_id: string;
  /** Method and path: the same key elsewhere is another key. */
  readonly target: string;
  readonly idempotency_key: string;
  readonly body_sha256: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const acceptableKey = /^[\x20-\x7e]{1,255}$/;

export function idempotentCall(request: FastifyRequest, caller: Caller): IdempotentCall | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined || request.method !== 'POST') return undefined;
  if (typeof key !== 'string' || !acceptableKey.test(key)) throw fault('071-400-idempotency-key');
  return {
    client_id: caller.client_id,
    target: `${request.method} ${request.url.replace(/\/+(?=\?|$)/, '')}`,
    idempotency_key: key,
    body_sha256: sha256(JSON.stringify(request.body ?? null)),
  };
}

type Key = { client_id: string; target: string; idempotency_key: string };

const insertKey = change<Key & { body_sha256: string; now: number }>((db, key) =>
  db
    .insertInto('idempotency_keys')
    .values({
      client_id: key.client_id,
      target: key.target,
      idempotency_key: key.idempotency_key,
      body_sha256: key.body_sha256,
      // 0: the first call runs in this very transaction; nobody else ever sees it.
      status: 0,
      headers: '{}',
      body: '',
      created_at_real: key.now,
    })
    .onConflict((conflict) => conflict.doNothing()),
);

const readKey = statement<
  Key,
  { body_sha256: string; status: number; headers: string; body: string; created_at_real: number }
>((db, key) =>
  db
    .selectFrom('idempotency_keys')
    .select(['body_sha256', 'status', 'headers', 'body', 'created_at_real'])
    .where('client_id', '=', key.client_id)
    .where('target', '=', key.target)
    .where('idempotency_key', '=', key.idempotency_key),
);

const deleteKey = change<Key>((db, key) =>
  db
    .deleteFrom('idempotency_keys')
    .where('client_id', '=', key.client_id)
    .where('target', '=', key.target)
    .where('idempotency_key', '=', key.idempotency_key),
);

const updateKey = change<Key & { status: number; headers: string; body: string }>((db, key) =>
  db
    .updateTable('idempotency_keys')
    .set({ status: key.status, headers: key.headers, body: key.body })
    .where('client_id', '=', key.client_id)
    .where('target', '=', key.target)
    .where('idempotency_key', '=', key.idempotency_key),
);

/** Takes the key for this transaction, or answers what the first call with it was answered. */
export async function takeKey(db: Executor, call: IdempotentCall): Promise<StoredAnswer | undefined> {
  if (await insertInTurn(db, call)) return undefined;
  const [earlier] = await readKey(db, { ...call });
  if (earlier === undefined) throw inProgress();
  if (earlier.created_at_real < realNow() - answersKept) {
    await deleteKey(db, { ...call });
    return takeKey(db, call);
  }
  if (earlier.body_sha256 !== call.body_sha256) throw fault('071-409-idempotency-mismatch');
  return { status: earlier.status, headers: JSON.parse(earlier.headers), body: earlier.body };
}

/** Waits for a call that has the key, as long as the database does. False where that one was answered. */
async function insertInTurn(db: Executor, call: IdempotentCall): Promise<boolean> {
  try {
    return (await insertKey(db, { ...call, now: realNow() })) === 1;
  } catch (error) {
    throw isLockTimeout(error) ? inProgress(error) : error;
  }
}

function inProgress(cause?: unknown): Fault {
  return fault('071-409-idempotency-in-progress', { retryAfter: 1, cause });
}

/** 2xx and 4xx are kept; 401, 429 and 5xx are not, the next try runs anew. */
export async function keepAnswer(
  db: Executor,
  call: IdempotentCall,
  answer: Answer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if ('refusal' in answer) return keepRefusal(db, call, answer.refusal, request);
  reply.code(answer.status);
  await updateKey(db, {
    ...call,
    status: answer.status,
    headers: JSON.stringify(answer.headers ?? {}),
    body: answer.body === undefined ? '' : String(reply.serialize(answer.body)),
  });
}

async function keepRefusal(
  db: Executor,
  call: IdempotentCall,
  refusal: Fault,
  request: FastifyRequest,
): Promise<void> {
  if (refusal.status >= 500 || refusal.status === 429 || refusal.status === 401) {
    await deleteKey(db, { ...call });
    return;
  }
  const body = JSON.stringify(errorBody(refusal, request.id));
  await updateKey(db, { ...call, status: refusal.status, headers: '{}', body });
}
