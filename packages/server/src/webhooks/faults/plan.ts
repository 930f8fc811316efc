import type { DeliveryFault, FaultPlanState } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import type { Executor } from '../../store/statement.ts';
import { selectSubscriptions } from '../subscriptions/store.ts';
import { endEveryWait, insertDeliveryFault, selectDeliveryFaults } from './store.ts';

/** The part of a provider's fault plan that is about deliveries; a new one begins to count anew. */
export async function writeDeliveryFaults(
  uow: UnitOfWork,
  plan_id: string,
  rules: readonly DeliveryFault[],
): Promise<void> {
  const { provider_id } = uow.provider;
  for (const [position, rule] of rules.entries()) {
    await insertDeliveryFault(uow.db, {
      plan_id,
      position,
      provider_id,
      rule: JSON.stringify(knownOf(rule)),
      max_uses: rule.count ?? null,
    });
  }
}

/** What callers send beside the members of a rule is not kept. */
function knownOf({ subscription_id, event_type, kind, delay_ms, count }: DeliveryFault) {
  return { subscription_id, event_type, kind, delay_ms, count };
}

/** What an earlier plan keeps back goes when its time comes, and stands in the way of no other. */
export async function leaveDeliveryFaults({ db, provider }: UnitOfWork): Promise<void> {
  await endEveryWait(db, { provider_id: provider.provider_id });
}

/** Without those about a subscription that has been deleted: nothing can meet them, and nobody could put them again. */
export async function readDeliveryFaults(
  db: Executor,
  { plan_id, provider_id }: { readonly plan_id: string; readonly provider_id: string },
): Promise<FaultPlanState['deliveries']> {
  const rows = await selectDeliveryFaults(db, { plan_id });
  const rules = rows.map(({ rule, max_uses, used }) => ({
    ...(JSON.parse(rule) as DeliveryFault),
    used,
    remaining: max_uses === null ? null : max_uses - used,
  }));
  if (rules.every(({ subscription_id }) => subscription_id === undefined)) return rules;
  const there = new Set((await selectSubscriptions(db, { provider_id })).map((each) => each.subscription_id));
  return rules.filter(({ subscription_id }) => subscription_id === undefined || there.has(subscription_id));
}
