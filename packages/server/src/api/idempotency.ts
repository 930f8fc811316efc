import type { FastifyReply, FastifyRequest } from 'fastify';
import { answersKept } from '../core/retention/kinds.ts';
import { type Fault, fault } from '../platform/errors.ts';
import { sha256 } from '../platform/hashing.ts';
import { realNow, second } from '../platform/time.ts';
import { isLockTimeout } from '../store/failures.ts';
import { change, type Executor, statement } from '../store/statement.ts';
import type { Answer } from './answers.ts';
import { errorBody } from './errors.ts';

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
/** No client has such an id; whoever holds the operator key is one client. */
const operatorClient = 'operator';
/** Of a call that runs. Only where its effect takes several transactions does anybody else ever see it. */
const running = 0;
/** Whoever runs such a call and has not been heard of for so long is taken for dead. */
const longestSilence = 15 * second;
/** How often it lets itself be heard. */
export const signOfLife = longestSilence / 5;

export function idempotentCall(request: FastifyRequest): IdempotentCall | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined || request.method !== 'POST') return undefined;
  if (typeof key !== 'string' || !acceptableKey.test(key)) throw fault('071-400-idempotency-key');
  return {
    client_id: clientOf(request),
    target: `${request.method} ${request.url.replace(/\/+(?=\?|$)/, '')}`,
    idempotency_key: key,
    body_sha256: sha256(JSON.stringify(request.body ?? null)),
  };
}

function clientOf({ operator, caller }: FastifyRequest): string {
  if (operator) return operatorClient;
  if (caller === undefined) throw fault('071-401');
  return caller.client_id;
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
      status: running,
      headers: '{}',
      body: '',
      created_at_real: key.now,
    })
    .onConflict((conflict) => conflict.doNothing()),
);

type KeyRow = {
  body_sha256: string;
  status: number;
  headers: string;
  body: string;
  created_at_real: number;
};

const readKey = statement<Key, KeyRow>((db, key) =>
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
    .where('idempotency_key', '=', key.idempotency_key)
    .where('status', '=', running),
);

/** Who runs it was heard of at `now`; only if that was not after `before` until then. */
const updateLife = change<Key & { now: number; before: number }>((db, key) =>
  db
    .updateTable('idempotency_keys')
    .set({ created_at_real: key.now })
    .where('client_id', '=', key.client_id)
    .where('target', '=', key.target)
    .where('idempotency_key', '=', key.idempotency_key)
    .where('status', '=', running)
    .where('created_at_real', '<=', key.before),
);

/** Takes the key for this transaction, or answers what the first call with it was answered. */
export async function takeKey(db: Executor, call: IdempotentCall): Promise<StoredAnswer | undefined> {
  const earlier = await insertOrRead(db, call);
  if (earlier === undefined) return undefined;
  if (earlier.status === running) throw inProgress();
  return answerOf(earlier);
}

/**
 * Takes the key for a call whose effect takes several transactions, and notes what it is going to do. Where somebody did
 * so and died, the plan is that one's: what was begun is brought to its end, not begun again.
 */
export async function takeKeyWithPlan(
  db: Executor,
  call: IdempotentCall,
  plan: string,
): Promise<{ readonly earlier: StoredAnswer } | { readonly plan: string }> {
  const earlier = await insertOrRead(db, call);
  if (earlier === undefined) {
    await updateKey(db, { ...call, status: running, headers: '{}', body: plan });
    return { plan };
  }
  if (earlier.status !== running) return { earlier: answerOf(earlier) };
  const now = realNow();
  if ((await updateLife(db, { ...call, now, before: now - longestSilence })) === 0) throw inProgress();
  return { plan: earlier.body };
}

/** Says that whoever runs the call lives. */
export async function prolongKey(db: Executor, call: IdempotentCall): Promise<void> {
  const now = realNow();
  await updateLife(db, { ...call, now, before: now });
}

/** The call failed on its way: whoever repeats it may go on at once. */
export async function leaveKey(db: Executor, call: IdempotentCall): Promise<void> {
  const now = realNow();
  await updateLife(db, { ...call, now: now - longestSilence, before: now });
}

async function insertOrRead(db: Executor, call: IdempotentCall): Promise<KeyRow | undefined> {
  if (await insertInTurn(db, call)) return undefined;
  const [earlier] = await readKey(db, { ...call });
  if (earlier === undefined) throw inProgress();
  if (earlier.created_at_real < realNow() - answersKept) {
    await deleteKey(db, { ...call });
    return insertOrRead(db, call);
  }
  if (earlier.body_sha256 !== call.body_sha256) throw fault('071-409-idempotency-mismatch');
  return earlier;
}

function answerOf({ status, headers, body }: KeyRow): StoredAnswer {
  return { status, headers: JSON.parse(headers), body };
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

export async function keepRefusal(
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
