import type { DeliveryFaultKind, DeliveryStatus } from '@osigu-sandbox/contract';
import { type DueWork, finishDueWork, postponeDueWork } from '../engine/due-work.ts';
import { type NotBegun, notBegun } from '../engine/lanes.ts';
import type { DueHandler } from '../engine/run-due.ts';
import type { UnitOfWork, UnitsOfWork } from '../engine/unit-of-work.ts';
import { Fault } from '../platform/errors.ts';
import { jitter } from '../platform/random.ts';
import { afterArrivals, realNow, second } from '../platform/time.ts';
import type { DeliveryAttemptTable } from '../store/database.ts';
import {
  type AttemptOutcome,
  type DeliveryContent,
  insertAttempts,
  removeAttemptWork,
  selectContents,
  selectTarget,
  settleAttempts,
  settleDelivered,
  type TargetRow,
} from './attempts/store.ts';
import { inBatches } from './batch.ts';
import { scheduleAttempt } from './enqueue.ts';
import { createDeliveryFaults } from './faults/meet.ts';
import { releasePassed } from './faults/release.ts';
import { isDelivered, jitterSpread, nextAttempt } from './schedule.ts';
import type { OutgoingAttempt, Sender, SentAttempt } from './sending/sender.ts';

export interface AttemptReport extends SentAttempt {
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
  /** From their loading until what became of them is written. */
  const beingMade = new Set<string>();
  // Attempts that end within a few milliseconds are written together when more of them are under way.
  const record = inBatches({
    maxItems: attemptsAtOnce,
    work: (provider_id, ended: readonly EndedAttempt[]) => recordAll(units, provider_id, ended),
    company: { expected: underWay.of, patience: 8 },
  });

  /** Where it goes is looked up when it goes: the subscription may be paused or its secret rotated meanwhile. */
  async function makeAttempt(
    work: DueWork,
    content: DeliveryContent,
  ): Promise<EndedAttempt | NotBegun | undefined> {
    const target = await load.target(content.subscription_id);
    if (target === undefined) return undefined;
    const planned: Outgoing = { content, target, number: content.attempts + 1, fault: null };
    const { fault_plan_id } = target;
    const outgoing = fault_plan_id === null ? planned : await meetFaults(work, planned, fault_plan_id);
    if (outgoing === undefined) return undefined;
    const sent = await sender.send(attemptOf(outgoing));
    if (sent === notBegun) return notBegun;
    const at = Math.max(sent.began_at_real + target.clock_offset, work.due_at);
    return { work, outgoing, at, sent };
  }

  async function meetFaults(
    work: DueWork,
    planned: Outgoing,
    fault_plan_id: string,
  ): Promise<Outgoing | undefined> {
    const { content, target, number, fault } = planned;
    const { subscription_id, event_type } = content;
    const { retry_on } = target;
    const met = await faults.meet(work, {
      subscription_id,
      event_type,
      fault_plan_id,
      retry_on,
      number,
      fault,
    });
    return met && { ...planned, target: { ...target, retry_on: met.retry_on }, fault: met.fault };
  }

  /** It was planned or claimed anew meanwhile. What becomes of the other one removes this row or moves it, as a rule. */
  async function waitForTheOther({ work_id }: DueWork): Promise<void> {
    await postponeDueWork(units.store.db, { work_id, lease_until_real: realNow() + second });
  }

  return {
    errand: async (work, turn) => {
      if (beingMade.has(work.subject_id)) {
        await waitForTheOther(work);
        return;
      }
      beingMade.add(work.subject_id);
      underWay.begin(work.provider_id);
      try {
        const content = await load.content(work.subject_id);
        // The connection is free for the next one as soon as the answer is there.
        const ended = isDue(work, content) ? await turn(() => makeAttempt(work, content)) : undefined;
        if (ended === undefined) {
          await finishDueWork(units.store.db, { work_id: work.work_id });
          return;
        }
        const report = await record(work.provider_id, ended);
        if (report !== undefined) onAttempt?.(report);
      } finally {
        underWay.end(work.provider_id);
        beingMade.delete(work.subject_id);
      }
    },
  };
}

/**
 * Not when the row has gone or was moved since it was claimed, of which a restored world may have another of the same
 * delivery.
 */
function isDue(work: DueWork, content: DeliveryContent | undefined): content is DeliveryContent {
  return content?.status === 'PENDING' && content.work_id === work.work_id;
}

/** How many of each are running. */
function createTally() {
  const counts = new Map<string, number>();
  const of = (key: string) => counts.get(key) ?? 0;
  return {
    of,
    begin: (key: string) => void counts.set(key, of(key) + 1),
    end: (key: string) => {
      const left = of(key) - 1;
      if (left === 0) counts.delete(key);
      else counts.set(key, left);
    },
  };
}

interface Target extends Omit<TargetRow, 'secret' | 'expires_at_real' | 'status'> {
  /** Live ones, newest first. */
  readonly secrets: readonly string[];
}

interface Outgoing {
  readonly content: DeliveryContent;
  readonly target: Target;
  /** Of this attempt, from 1. */
  readonly number: number;
  /** Injected into this attempt. */
  readonly fault: DeliveryFaultKind | null;
}

function attemptOf({ content, target, number, fault }: Outgoing): OutgoingAttempt {
  const { subscription_id, event_id, event_type, body } = content;
  const { url, secrets } = target;
  return { subscription_id, url, secrets, event_id, event_type, body, number, fault };
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
  const targets = new Map<string, Promise<Target | undefined>>();
  return {
    content: (delivery_id: string): Promise<DeliveryContent | undefined> => contents('', delivery_id),
    /** Whoever asks in one turn of the event loop asks once. */
    target: (subscription_id: string): Promise<Target | undefined> => {
      const asked = targets.get(subscription_id);
      if (asked !== undefined) return asked;
      const target = selectTarget(store.db, { subscription_id }).then(targetOf);
      targets.set(subscription_id, target);
      if (targets.size === 1) afterArrivals(() => targets.clear());
      return target;
    },
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

interface EndedAttempt {
  readonly work: DueWork;
  readonly outgoing: Outgoing;
  /** When it began, on the provider's clock. */
  readonly at: number;
  readonly sent: SentAttempt;
}

const attemptsAtOnce = 256;

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
  const present = ended.filter(({ outgoing }) => outgoing.content.reset_at_real === reset_at_real);
  if (present.length === 0) return ended.map(() => undefined);
  const now = Math.max(uow.now, ...present.map(({ at }) => at));
  const reports = await settleAll({ ...uow, now }, present);
  return ended.map((attempt) => reports.get(attempt));
}

interface Decided {
  readonly attempt: EndedAttempt;
  readonly decision: Decision;
}

/** Writes what became of the attempts; nothing when a delivery has gone or another process has written its attempt. */
async function settleAll(
  uow: UnitOfWork,
  ended: readonly EndedAttempt[],
): Promise<ReadonlyMap<EndedAttempt, AttemptReport>> {
  const decided = ended.map((attempt): Decided => ({ attempt, decision: decide(uow, attempt) }));
  const ids = await settle(uow, decided);
  const settled = decided.filter(({ attempt }) => ids.has(attempt.outgoing.content.delivery_id));
  await insertAttempts(
    uow.db,
    settled.map(({ attempt }) => attemptRow(attempt)),
  );
  await planNext(uow, settled);
  await releaseAllPassed(uow, settled);
  const reports = new Map(settled.map((one) => [one.attempt, reportOf(one)]));
  if (reports.size < ended.length) {
    for (const attempt of ended.filter((one) => !reports.has(one))) {
      await finishDueWork(uow.db, { work_id: attempt.work.work_id });
    }
  }
  return reports;
}

/** Answers the ids of the deliveries that were written. */
async function settle(uow: UnitOfWork, decided: readonly Decided[]): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  const groups = Map.groupBy(decided, ({ attempt, decision }) =>
    decision.outcome === 'delivered' ? attempt.outgoing.number : undefined,
  );
  for (const [number, together] of groups) {
    const rows =
      number === undefined
        ? await settleAttempts(uow.db, { outcomes: JSON.stringify(together.map(outcomeOf)) })
        : await settleDelivered(uow.db, { number, firsts: JSON.stringify(firstsOf(together)) });
    for (const { delivery_id } of rows) ids.add(delivery_id);
  }
  return ids;
}

function firstsOf(decided: readonly Decided[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    decided.map(({ attempt, decision }) => [attempt.outgoing.content.delivery_id, decision.first_attempt_at]),
  );
}

function outcomeOf({ attempt: { outgoing }, decision }: Decided): AttemptOutcome {
  const { status, first_attempt_at, next_attempt_at } = decision;
  const { number, content } = outgoing;
  return { delivery_id: content.delivery_id, number, status, first_attempt_at, next_attempt_at };
}

function attemptRow({ outgoing: { content, number, fault }, at, sent }: EndedAttempt): DeliveryAttemptTable {
  const { response_status, latency_ms, error, response_excerpt } = sent;
  const { delivery_id } = content;
  return { delivery_id, number, at, response_status, latency_ms, error, response_excerpt, fault };
}

async function planNext(uow: UnitOfWork, settled: readonly Decided[]): Promise<void> {
  const over: string[] = [];
  for (const { attempt, decision } of settled) {
    const { content } = attempt.outgoing;
    if (decision.next_attempt_at === null) over.push(content.delivery_id);
    else await scheduleAttempt(uow, content, decision.next_attempt_at);
  }
  if (over.length > 0) await removeAttemptWork(uow.db, { delivery_ids: JSON.stringify(over) });
}

async function releaseAllPassed(uow: UnitOfWork, settled: readonly Decided[]): Promise<void> {
  for (const { attempt } of settled) {
    const { content, target } = attempt.outgoing;
    if (target.fault_plan_id !== null) await releasePassed(uow, content);
  }
}

function reportOf({ attempt: { work, outgoing, sent }, decision }: Decided): AttemptReport {
  const { provider_id } = work;
  const { subscription_id, delivery_id, event_id, event_type } = outgoing.content;
  const { number, fault } = outgoing;
  const { outcome } = decision;
  return { ...sent, outcome, provider_id, subscription_id, delivery_id, event_id, event_type, number, fault };
}

interface Decision {
  readonly outcome: AttemptReport['outcome'];
  readonly status: DeliveryStatus;
  readonly first_attempt_at: number;
  readonly next_attempt_at: number | null;
}

function decide(uow: UnitOfWork, { outgoing, at, sent }: EndedAttempt): Decision {
  const first_attempt_at = outgoing.content.first_attempt_at ?? at;
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
    retry_on: outgoing.target.retry_on,
    real_now: realNow(),
    jitter: jitter(jitterSpread),
  });
  return next === 'abandon'
    ? { outcome: 'abandoned', status: 'ABANDONED', first_attempt_at, next_attempt_at: null }
    : { outcome: 'retry', status: 'PENDING', first_attempt_at, next_attempt_at: next };
}
