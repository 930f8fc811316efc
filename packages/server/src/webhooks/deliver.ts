import type { DeliveryFaultKind, DeliveryStatus } from '@osigu-sandbox/contract';
import { providerNow } from '../engine/clock.ts';
import { type DueWork, finishDueWork } from '../engine/due-work.ts';
import type { Turn } from '../engine/lanes.ts';
import type { DueHandler } from '../engine/run-due.ts';
import type { UnitOfWork, UnitsOfWork } from '../engine/unit-of-work.ts';
import { Fault } from '../platform/errors.ts';
import { jitter } from '../platform/random.ts';
import { realNow } from '../platform/time.ts';
import type { DeliveryAttemptTable } from '../store/database.ts';
import {
  type DeliveryContent,
  insertAttempts,
  removeAttemptWork,
  selectContents,
  selectTarget,
  settleAttempts,
  type TargetRow,
} from './attempts/store.ts';
import { inBatches } from './batch.ts';
import { scheduleAttempt } from './enqueue.ts';
import { createDeliveryFaults } from './faults/meet.ts';
import { releasePassed } from './faults/release.ts';
import { signedNow } from './faults/signing.ts';
import { isDelivered, jitterSpread, nextAttempt } from './schedule.ts';
import type { Sender, SentPost } from './sender.ts';

export interface AttemptReport extends SentPost {
  readonly outcome: 'delivered' | 'retry' | 'abandoned';
  readonly provider_id: string;
  readonly subscription_id: string;
  readonly delivery_id: string;
  readonly event_id: string;
  readonly event_type: string;
  /** From 1. */
  readonly number: number;
  /** Injected into this attempt. */
  readonly fault: DeliveryFaultKind | null;
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
  const load = createLoader(units);
  const faults = createDeliveryFaults(units);
  const underWay = createTally();
  // Attempts that end within a few milliseconds are written together when more of them are under way.
  const record = inBatches({
    maxItems: attemptsAtOnce,
    work: (provider_id, ended: readonly EndedAttempt[]) => recordAll(units, provider_id, ended),
    company: { expected: underWay.of, patience: 5 },
  });

  async function attempt(work: DueWork, turn: Turn): Promise<void> {
    const content = await load.content(work.subject_id);
    // The connection is free for the next one as soon as the answer is there.
    const ended = content && (await turn(() => makeAttempt(work, content)));
    if (ended === undefined) {
      await finishDueWork(units.store.db, { work_id: work.work_id });
      return;
    }
    const report = await record(work.provider_id, ended);
    if (report !== undefined) onAttempt?.(report);
  }

  /** Where it goes is looked up when it goes: the subscription may be paused or its secret rotated meanwhile. */
  async function makeAttempt(work: DueWork, content: DeliveryContent): Promise<EndedAttempt | undefined> {
    const target = await load.target(content.subscription_id);
    if (target === undefined) return undefined;
    const outgoing = await faults.meet<Outgoing>(work, {
      ...content,
      ...target,
      number: content.attempts + 1,
      fault: null,
    });
    if (outgoing === undefined) return undefined;
    const at = Math.max(providerNow(outgoing.clock_offset), work.due_at);
    return { work, outgoing, at, sent: await sender.send(postOf(outgoing)) };
  }

  return { errand: (work, turn) => underWay.count(work.provider_id, () => attempt(work, turn)) };
}

/** How many of each are running. */
function createTally() {
  const counts = new Map<string, number>();
  const of = (key: string) => counts.get(key) ?? 0;
  return {
    of,
    count: async <T>(key: string, run: () => Promise<T>): Promise<T> => {
      counts.set(key, of(key) + 1);
      try {
        return await run();
      } finally {
        const left = of(key) - 1;
        if (left === 0) counts.delete(key);
        else counts.set(key, left);
      }
    },
  };
}

interface Target extends Omit<TargetRow, 'secret' | 'expires_at_real' | 'status'> {
  /** Live ones, newest first. */
  readonly secrets: readonly string[];
}

interface Outgoing extends DeliveryContent, Target {
  /** Of this attempt, from 1. */
  readonly number: number;
  /** Injected into this attempt. */
  readonly fault: DeliveryFaultKind | null;
}

/** Each undefined when there is nothing to send (any more), or not while the subscription is paused. */
function createLoader({ store }: UnitsOfWork) {
  const contents = inBatches({
    maxItems: attemptsAtOnce,
    work: async (_, delivery_ids: readonly string[]) => {
      const rows = await selectContents(store.db, { delivery_ids: JSON.stringify(delivery_ids) });
      const byId = new Map(rows.map((row) => [row.delivery_id, row]));
      return delivery_ids.map((delivery_id) => byId.get(delivery_id));
    },
  });
  const targets = inBatches({
    maxItems: attemptsAtOnce,
    work: async (subscription_id, askers: readonly undefined[]) => {
      const target = targetOf(await selectTarget(store.db, { subscription_id }));
      return askers.map(() => target);
    },
  });
  return {
    content: async (delivery_id: string): Promise<DeliveryContent | undefined> => {
      const content = await contents('', delivery_id);
      return content?.status === 'PENDING' ? content : undefined;
    },
    target: (subscription_id: string): Promise<Target | undefined> => targets(subscription_id, undefined),
  };
}

function targetOf(rows: readonly TargetRow[]): Target | undefined {
  const [first] = rows;
  if (first === undefined || first.status === 'PAUSED') return undefined;
  const { secret: _, expires_at_real: __, status: ___, ...target } = first;
  const now = realNow();
  const live = rows.filter(({ expires_at_real }) => expires_at_real === null || expires_at_real > now);
  return { ...target, secrets: live.map(({ secret }) => secret) };
}

function postOf({ subscription_id, url, body, event_id, event_type, number, secrets, fault }: Outgoing) {
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
      'X-Osigu-Signature': signedNow(fault, secrets, body),
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

const attemptsAtOnce = 64;

async function recordAll(
  units: UnitsOfWork,
  provider_id: string,
  ended: readonly EndedAttempt[],
): Promise<readonly (AttemptReport | undefined)[]> {
  try {
    return await units.run(provider_id, (uow) => settlePresent(uow, ended));
  } catch (error) {
    // The provider itself has gone, and its due work with it.
    if (error instanceof Fault && error.code === '071-404-provider') return ended.map(() => undefined);
    throw error;
  }
}

/** An attempt of a world that was reset or restored meanwhile settles nothing in the present one. */
async function settlePresent(
  uow: UnitOfWork,
  ended: readonly EndedAttempt[],
): Promise<readonly (AttemptReport | undefined)[]> {
  const { reset_at_real } = uow.provider;
  const present = ended.filter(({ outgoing }) => outgoing.reset_at_real === reset_at_real);
  if (present.length === 0) return ended.map(() => undefined);
  const now = Math.max(uow.now, ...present.map(({ at }) => at));
  const reports = await settleAll({ ...uow, now }, present);
  return ended.map((attempt) => reports[present.indexOf(attempt)]);
}

/** Writes what became of the attempts, once; nothing when a delivery has gone or another process has written it. */
async function settleAll(
  uow: UnitOfWork,
  ended: readonly EndedAttempt[],
): Promise<readonly (AttemptReport | undefined)[]> {
  const decided = ended.map((attempt) => ({ ...attempt, ...decide(uow, attempt) }));
  const outcomes = decided.map(({ outgoing, status, first_attempt_at, next_attempt_at }) => ({
    delivery_id: outgoing.delivery_id,
    number: outgoing.number,
    status,
    first_attempt_at,
    next_attempt_at,
  }));
  const rows = await settleAttempts(uow.db, { outcomes: JSON.stringify(outcomes) });
  const settled = new Set(rows.map(({ delivery_id }) => delivery_id));
  const isSettled = ({ outgoing }: EndedAttempt) => settled.has(outgoing.delivery_id);
  await insertAttempts(uow.db, { attempts: JSON.stringify(decided.filter(isSettled).map(attemptRow)) });
  await planNext(uow, decided.filter(isSettled));
  for (const { outgoing } of decided.filter(isSettled)) await releasePassed(uow, outgoing);
  for (const { work } of decided.filter((attempt) => !isSettled(attempt))) {
    await finishDueWork(uow.db, { work_id: work.work_id });
  }
  return decided.map((attempt) => (isSettled(attempt) ? reportOf(attempt) : undefined));
}

function attemptRow({
  outgoing: { delivery_id, number, fault },
  at,
  sent,
}: EndedAttempt): DeliveryAttemptTable {
  const { response_status, latency_ms, error, response_excerpt } = sent;
  return { delivery_id, number, at, response_status, latency_ms, error, response_excerpt, fault };
}

async function planNext(uow: UnitOfWork, settled: readonly (EndedAttempt & Decision)[]): Promise<void> {
  const over: string[] = [];
  for (const { outgoing, next_attempt_at } of settled) {
    if (next_attempt_at === null) over.push(outgoing.delivery_id);
    else await scheduleAttempt(uow, outgoing, next_attempt_at);
  }
  if (over.length > 0) await removeAttemptWork(uow.db, { delivery_ids: JSON.stringify(over) });
}

function reportOf({ work, outgoing, outcome, sent }: EndedAttempt & Decision): AttemptReport {
  const { provider_id } = work;
  const { subscription_id, delivery_id, event_id, event_type, number, fault } = outgoing;
  return { ...sent, outcome, provider_id, subscription_id, delivery_id, event_id, event_type, number, fault };
}

interface Decision {
  readonly outcome: AttemptReport['outcome'];
  readonly status: DeliveryStatus;
  readonly first_attempt_at: number;
  readonly next_attempt_at: number | null;
}

function decide(uow: UnitOfWork, { outgoing, at, sent }: EndedAttempt): Decision {
  const first_attempt_at = outgoing.first_attempt_at ?? at;
  // Posted once more at once, whatever the first answer is.
  if (outgoing.fault === 'duplicate') {
    return { outcome: 'retry', status: 'PENDING', first_attempt_at, next_attempt_at: uow.now };
  }
  if (isDelivered(sent)) {
    return { outcome: 'delivered', status: 'DELIVERED', first_attempt_at, next_attempt_at: null };
  }
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
    ? { outcome: 'abandoned', status: 'ABANDONED', first_attempt_at, next_attempt_at: null }
    : { outcome: 'retry', status: 'PENDING', first_attempt_at, next_attempt_at: next };
}
