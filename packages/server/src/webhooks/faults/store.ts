import type { DeliveryFaultUseTable } from '../../store/database.ts';
import { change, statement } from '../../store/statement.ts';

export interface DeliveryFaultRow {
  readonly position: number;
  /** JSON text. */
  readonly rule: string;
  readonly max_uses: number | null;
  readonly used: number;
}

export const selectDeliveryFaults = statement<{ plan_id: string }, DeliveryFaultRow>((db, { plan_id }) =>
  db
    .selectFrom('delivery_faults')
    .select(['position', 'rule', 'max_uses', 'used'])
    .where('plan_id', '=', plan_id)
    .orderBy('position'),
);

type NewDeliveryFault = Omit<DeliveryFaultRow, 'used'> & { plan_id: string; provider_id: string };

export const insertDeliveryFault = change<NewDeliveryFault & Record<string, unknown>>((db, row) =>
  db.insertInto('delivery_faults').values({
    plan_id: row.plan_id,
    position: row.position,
    provider_id: row.provider_id,
    rule: row.rule,
    max_uses: row.max_uses,
  }),
);

/** 0 when the rule has no use left, or is gone. */
export const countUse = change<{ plan_id: string; position: number }>((db, { plan_id, position }) =>
  db
    .updateTable('delivery_faults')
    .set((eb) => ({ used: eb('used', '+', 1) }))
    .where('plan_id', '=', plan_id)
    .where('position', '=', position)
    .where((eb) => eb.or([eb('max_uses', 'is', null), eb('used', '<', eb.ref('max_uses'))])),
);

export type FaultUse = Pick<DeliveryFaultUseTable, 'plan_id' | 'position' | 'number' | 'kind' | 'held'>;

export const selectUses = statement<{ delivery_id: string }, FaultUse>((db, { delivery_id }) =>
  db
    .selectFrom('delivery_fault_uses')
    .select(['plan_id', 'position', 'number', 'kind', 'held'])
    .where('delivery_id', '=', delivery_id),
);

/** 0 when the delivery has this use, or when it would be the second one of its subscription that waits to be passed. */
export const insertUse = change<DeliveryFaultUseTable & Record<string, unknown>>((db, use) =>
  db
    .insertInto('delivery_fault_uses')
    .values({
      delivery_id: use.delivery_id,
      plan_id: use.plan_id,
      position: use.position,
      provider_id: use.provider_id,
      subscription_id: use.subscription_id,
      number: use.number,
      kind: use.kind,
      held: use.held,
    })
    .onConflict((conflict) => conflict.doNothing()),
);

export const deleteUse = change<{ delivery_id: string; plan_id: string; position: number }>(
  (db, { delivery_id, plan_id, position }) =>
    db
      .deleteFrom('delivery_fault_uses')
      .where('delivery_id', '=', delivery_id)
      .where('plan_id', '=', plan_id)
      .where('position', '=', position),
);

/** The one that waits for `delivery_id`, or for another after it, to go first. */
export const selectPassed = statement<
  { subscription_id: string; delivery_id: string },
  { delivery_id: string; subscription_id: string }
>((db, { subscription_id, delivery_id }) =>
  db
    .selectFrom('delivery_fault_uses')
    .select(['delivery_id', 'subscription_id'])
    .where('subscription_id', '=', subscription_id)
    .where('held', '=', 1)
    .where('delivery_id', '<', delivery_id),
);

/** 0 when it did not wait any more. */
export const endWait = change<{ delivery_id: string }>((db, { delivery_id }) =>
  db
    .updateTable('delivery_fault_uses')
    .set({ held: null })
    .where('delivery_id', '=', delivery_id)
    .where('held', '=', 1),
);

export const endEveryWait = change<{ provider_id: string }>((db, { provider_id }) =>
  db
    .updateTable('delivery_fault_uses')
    .set({ held: null })
    .where('provider_id', '=', provider_id)
    .where('held', '=', 1),
);

/** Whether this is still the attempt that comes next: the delivery may have gone, or another process may be ahead. */
export const selectNextAttempt = statement<{ delivery_id: string; made: number }, { delivery_id: string }>(
  (db, { delivery_id, made }) =>
    db
      .selectFrom('deliveries')
      .select('delivery_id')
      .where('delivery_id', '=', delivery_id)
      .where('status', '=', 'PENDING')
      .where('attempts', '=', made),
);

/** What the log of deliveries shows as the next attempt. */
export const moveNextAttempt = change<{ delivery_id: string; due_at: number }>(
  (db, { delivery_id, due_at }) =>
    db
      .updateTable('deliveries')
      .set({ next_attempt_at: due_at })
      .where('delivery_id', '=', delivery_id)
      .where('status', '=', 'PENDING'),
);
