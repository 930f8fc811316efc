import type { FaultPlan, FaultPlanState, RouteFault } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { newRowId } from '../../platform/ids.ts';
import type { Executor } from '../../store/statement.ts';
import { leaveDeliveryFaults, readDeliveryFaults, writeDeliveryFaults } from '../../webhooks/faults/plan.ts';
import { usesOf } from './draws.ts';
import {
  deletePlan,
  insertPlan,
  insertRouteFault,
  selectPlan,
  selectRouteFaults,
  setPlanOfProvider,
} from './store.ts';

/** Puts a plan in the place of whatever was there; its counting begins anew. */
export async function setFaults(uow: UnitOfWork, plan: FaultPlan): Promise<FaultPlanState> {
  await clearFaults(uow);
  const { provider_id } = uow.provider;
  const plan_id = newRowId();
  await insertPlan(uow.db, { plan_id, provider_id, seed: plan.seed ?? 0 });
  for (const [position, rule] of (plan.routes ?? []).entries()) {
    await insertRouteFault(uow.db, { plan_id, position, provider_id, rule: JSON.stringify(knownOf(rule)) });
  }
  await writeDeliveryFaults(uow, plan_id, plan.deliveries ?? []);
  await setPlanOfProvider(uow.db, { provider_id, plan_id });
  return readFaults(uow.db, provider_id);
}

export async function clearFaults(uow: UnitOfWork): Promise<void> {
  const { provider_id } = uow.provider;
  await setPlanOfProvider(uow.db, { provider_id, plan_id: null });
  await deletePlan(uow.db, { provider_id });
  await leaveDeliveryFaults(uow);
}

/** The plan with what became of each rule; empty where there is none. */
export async function readFaults(db: Executor, provider_id: string): Promise<FaultPlanState> {
  const [plan] = await selectPlan(db, { provider_id });
  if (plan === undefined) return { seed: 0, routes: [], deliveries: [] };
  const { plan_id, seed } = plan;
  const rows = await selectRouteFaults(db, { plan_id });
  return {
    seed,
    routes: rows.map((row) => routeState(JSON.parse(row.rule), seed, row)),
    deliveries: await readDeliveryFaults(db, { plan_id, provider_id }),
  };
}

function routeState(
  rule: RouteFault,
  seed: number,
  { position, met }: { readonly position: number; readonly met: number },
): FaultPlanState['routes'][number] {
  const used = usesOf(rule, seed, position).among(met);
  return { ...rule, met, used, remaining: rule.count === undefined ? null : rule.count - used };
}

/** What callers send beside the members of a rule is not kept. */
function knownOf({ method, path, status, drop, latency_ms, probability, count, when }: RouteFault) {
  return { method, path, status, drop, latency_ms, probability, count, when };
}
