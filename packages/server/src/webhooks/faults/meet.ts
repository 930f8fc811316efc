import type { DeliveryFault, DeliveryFaultKind, RetryPolicy } from '@osigu-sandbox/contract';
import type { DueWork } from '../../engine/due-work.ts';
import type { UnitOfWork, UnitsOfWork } from '../../engine/unit-of-work.ts';
import { scheduleAttempt } from '../enqueue.ts';
import { delayOf, keepsBack, type MetDelivery, meetsDelivery } from './rules.ts';
import {
  countUse,
  deleteUse,
  endWait,
  insertUse,
  moveNextAttempt,
  selectDeliveryFaults,
  selectNextAttempt,
  selectUses,
} from './store.ts';

/** What a fault asks of an attempt, and may change of it. */
export interface Faultable extends MetDelivery {
  readonly fault_plan_id: string;
  /** Of the attempt, from 1. */
  readonly number: number;
  readonly retry_on: RetryPolicy;
  readonly fault: DeliveryFaultKind | null;
}

export interface DeliveryFaults {
  /** The attempt as it is to be made; undefined: later, its due work has been moved. */
  meet<T extends Faultable>(work: DueWork, attempt: T): Promise<T | undefined>;
}

interface Rule extends DeliveryFault {
  readonly position: number;
}

/**
 * Each rule applies to a delivery once, and to an attempt at most one rule does, the first that can. A use is
 * written down with the number of its attempt before anything is sent: whoever makes the attempt again after a crash
 * finds it and makes it the same way.
 */
export function createDeliveryFaults(units: UnitsOfWork): DeliveryFaults {
  const { db } = units.store;

  /** What is open to the delivery: it matches, has a use left, and was not used for it. */
  async function openRules(plan_id: string, attempt: Faultable): Promise<readonly Rule[]> {
    const rows = await selectDeliveryFaults(db, { plan_id });
    return rows
      .filter(({ max_uses, used }) => max_uses === null || used < max_uses)
      .map(({ position, rule }) => ({ ...(JSON.parse(rule) as DeliveryFault), position }))
      .filter((rule) => meetsDelivery(rule, attempt));
  }

  return {
    meet: async (work, attempt) => {
      const { fault_plan_id: plan_id } = attempt;
      const delivery_id = work.subject_id;
      const uses = await selectUses(db, { delivery_id });
      const mine = uses.find(({ number }) => number === attempt.number);
      if (mine !== undefined) {
        if (mine.held === 1) await endWait(db, { delivery_id });
        return faulty(attempt, mine.kind);
      }
      const isUsed = ({ position }: Rule) =>
        uses.some((use) => use.plan_id === plan_id && use.position === position);
      const rules = (await openRules(plan_id, attempt)).filter((rule) => !isUsed(rule));
      if (rules.length === 0) return attempt;
      const kind = await units.run(
        work.provider_id,
        (uow) => takeFirst(uow, { delivery_id, plan_id, attempt, rules }),
        { notBefore: work.due_at },
      );
      if (kind === undefined) return attempt;
      return kind === 'gone' || keepsBack(kind) ? undefined : faulty(attempt, kind);
    },
  };
}

/** An answer to a faulty attempt is never the last word: the good one comes at the next. */
function faulty<T extends Faultable>(attempt: T, fault: DeliveryFaultKind): T {
  return { ...attempt, fault, retry_on: 'non_2xx' };
}

interface Taking {
  readonly delivery_id: string;
  readonly plan_id: string;
  readonly attempt: Faultable;
  readonly rules: readonly Rule[];
}

async function takeFirst(
  uow: UnitOfWork,
  { delivery_id, plan_id, attempt, rules }: Taking,
): Promise<DeliveryFaultKind | 'gone' | undefined> {
  const { provider_id } = uow.provider;
  const { subscription_id, number } = attempt;
  if ((await selectNextAttempt(uow.db, { delivery_id, made: number - 1 })).length === 0) return 'gone';
  for (const rule of rules) {
    const { position, kind } = rule;
    const held = kind === 'out_of_order' ? 1 : null;
    const use = { delivery_id, plan_id, position, provider_id, subscription_id, number, kind, held } as const;
    if ((await insertUse(uow.db, use)) === 0) continue;
    if ((await countUse(uow.db, { plan_id, position })) === 0) {
      await deleteUse(uow.db, { delivery_id, plan_id, position });
      continue;
    }
    if (keepsBack(kind)) await moveAttempt(uow, { delivery_id, subscription_id }, uow.now + delayOf(rule));
    return kind;
  }
  return undefined;
}

/** It is out of its place then, and follows nobody. */
export async function moveAttempt(
  uow: UnitOfWork,
  delivery: { readonly delivery_id: string; readonly subscription_id: string },
  due_at: number,
): Promise<void> {
  await scheduleAttempt(uow, { ...delivery, resource_id: null }, due_at);
  await moveNextAttempt(uow.db, { delivery_id: delivery.delivery_id, due_at });
}
