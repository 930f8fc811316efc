import { change, statement } from '../../store/statement.ts';

export const insertPlan = change<{ plan_id: string; provider_id: string; seed: number }>(
  (db, { plan_id, provider_id, seed }) => db.insertInto('fault_plans').values({ plan_id, provider_id, seed }),
);

/** With its rules. */
export const deletePlan = change<{ provider_id: string }>((db, { provider_id }) =>
  db.deleteFrom('fault_plans').where('provider_id', '=', provider_id),
);

export const selectPlan = statement<{ provider_id: string }, { plan_id: string; seed: number }>(
  (db, { provider_id }) =>
    db.selectFrom('fault_plans').select(['plan_id', 'seed']).where('provider_id', '=', provider_id),
);

/** What every call of the provider reads anyway says whether it has faults. */
export const setPlanOfProvider = change<{ provider_id: string; plan_id: string | null }>(
  (db, { provider_id, plan_id }) =>
    db.updateTable('providers').set({ fault_plan_id: plan_id }).where('provider_id', '=', provider_id),
);

interface NewRouteFault extends Record<string, unknown> {
  readonly plan_id: string;
  readonly position: number;
  readonly provider_id: string;
  readonly rule: string;
}

export const insertRouteFault = change<NewRouteFault>((db, row) =>
  db.insertInto('route_faults').values({
    plan_id: row.plan_id,
    position: row.position,
    provider_id: row.provider_id,
    rule: row.rule,
  }),
);

export const selectRouteFaults = statement<
  { plan_id: string },
  { position: number; rule: string; met: number; seed: number }
>((db, { plan_id }) =>
  db
    .selectFrom('route_faults')
    .innerJoin('fault_plans', 'fault_plans.plan_id', 'route_faults.plan_id')
    .select(['position', 'rule', 'met', 'seed'])
    .where('route_faults.plan_id', '=', plan_id)
    .orderBy('position'),
);

/** One more meeting: its number, the same in whatever process it happens. None when the plan has gone. */
export const countMeeting = statement<{ plan_id: string; position: number }, { met: number }>(
  (db, { plan_id, position }) =>
    db
      .updateTable('route_faults')
      .set((eb) => ({ met: eb('met', '+', 1) }))
      .where('plan_id', '=', plan_id)
      .where('position', '=', position)
      .returning('met'),
);
