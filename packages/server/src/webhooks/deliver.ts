import type { DeliveryStatus } from '@osigu-sandbox/contract';
import { providerNow } from '../engine/clock.ts';
import { type DueWork, finishDueWork } from '../engine/due-work.ts';
import type { UnitOfWork, UnitsOfWork } from '../engine/unit-of-work.ts';
import type { DueHandler } from '../engine/worker.ts';
import { Fault } from '../platform/errors.ts';
import { jitter } from '../platform/random.ts';
import { realNow, second } from '../platform/time.ts';
import { insertAttempt, type OutgoingRow, selectOutgoing, settleAttempt } from './attempts/store.ts';
import { inBatches } from './batch.ts';
import { attemptKind, scheduleAttempt } from './enqueue.ts';
import { isDelivered, jitterSpread, nextAttempt } from './schedule.ts';
import type { Sender, SentPost } from './sender.ts';
import { signatureHeader } from './signature.ts';

export interface AttemptReport extends SentPost {
  readonly outcome: 'delivered' | 'retry' | 'abandoned';
  readonly provider_id: string;
  readonly subscription_id: string;
  readonly delivery_id: string;
  readonly event_id: string;
  readonly event_type: string;
  /** From 1. */
  readonly number: number;
}

export interface DeliveryParts {
  readonly units: UnitsOfWork;
  readonly sender: Sender;
  /** Told of every attempt that was recorded, after its commit. */
  readonly onAttempt?: (report: AttemptReport) => void;
}

/**
 * The handler of `webhook.attempt`: one POST of one delivery. Whatever ends it removes its own row of due work by
 * that row's id; a row that was moved meanwhile has another id and stays.
 */
export function createAttemptHandler({ units, sender, onAttempt }: DeliveryParts): DueHandler {
  // Attempts that end while a transaction is at work are written together by the next one.
  const record = inBatches(attemptsPerTransaction, (provider_id, ended: readonly EndedAttempt[]) =>
    recordAll(units, provider_id, ended),
  );
  return {
    errand: async (work) => {
      const outgoing = await load(units, work);
      if (outgoing === undefined) {
        await finishDueWork(units.store.db, { work_id: work.work_id });
        return;
      }
      const at = Math.max(providerNow(outgoing.clock_offset), work.due_at);
      const sent = await sender.send(postOf(outgoing));
      const report = await record(work.provider_id, { work, outgoing, at, sent });
      if (report !== undefined) onAttempt?.(report);
    },
  };
}

interface Outgoing extends Omit<OutgoingRow, 'secret'> {
  /** Newest first. */
  readonly secrets: readonly string[];
  /** Of this attempt, from 1. */
  readonly number: number;
}

/** Undefined when there is nothing to send (any more), or not while the subscription is paused. */
async function load(units: UnitsOfWork, work: DueWork): Promise<Outgoing | undefined> {
  const rows = await selectOutgoing(units.store.db, { delivery_id: work.subject_id, real_now: realNow() });
  const [first] = rows;
  if (first === undefined || first.status !== 'PENDING' || first.subscription_status === 'PAUSED') {
    return undefined;
  }
  return { ...first, secrets: rows.map(({ secret }) => secret), number: first.attempts + 1 };
}

function postOf({ subscription_id, url, body, event_id, event_type, number, secrets }: Outgoing) {
  return {
    lane: subscription_id,
    url,
    body,
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'osigu-sandbox-webhooks/1',
      'X-Osigu-Event-Id': event_id,
      'X-Osigu-Event-Type': event_type,
      'X-Osigu-Delivery-Attempt': String(number),
      'X-Osigu-Signature': signatureHeader(secrets, Math.floor(realNow() / second), body),
    },
  };
}

interface EndedAttempt {
  readonly work: DueWork;
  readonly outgoing: Outgoing;
  /** When it began, on the provider's clock. */
  readonly at: number;
  readonly sent: SentPost;
}

const attemptsPerTransaction = 32;

async function recordAll(
  units: UnitsOfWork,
  provider_id: string,
  ended: readonly EndedAttempt[],
): Promise<readonly (AttemptReport | undefined)[]> {
  const notBefore = Math.max(...ended.map(({ at }) => at));
  const settleAll = async (uow: UnitOfWork) => {
    const reports: (AttemptReport | undefined)[] = [];
    for (const attempt of ended) reports.push(await settle(uow, attempt));
    return reports;
  };
  try {
    return await units.run(provider_id, settleAll, { notBefore });
  } catch (error) {
    // The provider itself has gone, and its due work with it.
    if (error instanceof Fault && error.code === '071-404-provider') return ended.map(() => undefined);
    throw error;
  }
}

/** Writes what became of an attempt, once; nothing when the delivery has gone or another process has written it. */
async function settle(
  uow: UnitOfWork,
  { work, outgoing, at, sent }: EndedAttempt,
): Promise<AttemptReport | undefined> {
  const delivery_id = work.subject_id;
  const { number, subscription_id, event_id, event_type } = outgoing;
  const first_attempt_at = outgoing.first_attempt_at ?? at;
  const { outcome, status, next_attempt_at } = decide(uow, outgoing, first_attempt_at, sent);
  const settled = await settleAttempt(uow.db, {
    delivery_id,
    number,
    before: outgoing.attempts,
    status,
    first_attempt_at,
    next_attempt_at,
  });
  if (settled === 0) {
    await finishDueWork(uow.db, { work_id: work.work_id });
    return undefined;
  }
  const { retry_after: _, ...logged } = sent;
  await insertAttempt(uow.db, { delivery_id, number, at, ...logged });
  if (next_attempt_at === null) await uow.unschedule(attemptKind, delivery_id);
  else await scheduleAttempt(uow, { delivery_id, subscription_id }, next_attempt_at);
  const { provider_id } = work;
  return { ...sent, outcome, provider_id, subscription_id, delivery_id, event_id, event_type, number };
}

interface Decision {
  readonly outcome: AttemptReport['outcome'];
  readonly status: DeliveryStatus;
  readonly next_attempt_at: number | null;
}

function decide(uow: UnitOfWork, outgoing: Outgoing, first_attempt_at: number, sent: SentPost): Decision {
  if (isDelivered(sent)) return { outcome: 'delivered', status: 'DELIVERED', next_attempt_at: null };
  const next = nextAttempt({
    ...sent,
    number: outgoing.number,
    ended_at: uow.now,
    first_attempt_at,
    retry_on: outgoing.retry_on,
    real_now: realNow(),
    jitter: jitter(jitterSpread),
  });
  return next === 'abandon'
    ? { outcome: 'abandoned', status: 'ABANDONED', next_attempt_at: null }
    : { outcome: 'retry', status: 'PENDING', next_attempt_at: next };
}
