import type { UnitOfWork } from '../../../engine/unit-of-work.ts';
import type { DueHandler } from '../../../engine/worker.ts';
import { fault } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import { step } from '../../../platform/state-machine.ts';
import { isoTimestamp } from '../../../platform/time.ts';
import { recordEvent } from '../../../webhooks/events.ts';
import { selectMembers } from '../members/store.ts';
import { describeSettlement } from '../read.ts';
import { settlementMachine } from '../rules.ts';
import { type SettlementRow, selectSettlement, updateResolved } from '../store.ts';
import type { SettlementView } from '../views.ts';
import { decisionOf, evaluateClaims, eventOf, type Verdict } from './evaluation.ts';
import {
  lockMembers,
  payAuthorizations,
  payClaims,
  payMembers,
  refuseMember,
  selectForeignOwners,
  selectProducts,
} from './store.ts';

/** The sponsor's evaluation by the fixtures' rules. What was decided by hand in the meantime is left alone. */
export function evaluationHandler(log: Log): DueHandler {
  return {
    effect: async (uow, { subject_id: settlement_id }) => {
      const { provider_id } = uow.provider;
      const [settlement] = await selectSettlement(uow.db, { provider_id, settlement_id });
      if (settlement?.status !== 'SUBMITTED') {
        log.info({ settlement_id, status: settlement?.status }, 'evaluation discarded');
        return;
      }
      const members = await selectMembers(uow.db, { settlement_id });
      const claim_ids = members.map((member) => member.claim_id);
      const verdicts = evaluateClaims(claim_ids, await productsOf(uow, settlement_id));
      await resolve(uow, settlement, verdicts);
    },
  };
}

/** Accepted claims are paid at once and so are their authorizations; refused ones are pending again. */
export async function resolve(
  uow: UnitOfWork,
  settlement: SettlementRow,
  verdicts: readonly Verdict[],
): Promise<SettlementView> {
  const { settlement_id } = settlement;
  const decision = decisionOf(verdicts);
  const status = step(settlementMachine, settlement.status, decision);
  await enterOwners(uow, settlement_id);
  // Before the batch, as everybody does: whoever voids one of them waits for this decision.
  await lockMembers(uow.db, { settlement_id });
  if ((await updateResolved(uow.db, { settlement_id, status, now: uow.now })) === 0) {
    throw fault('071-409-settlement-resolved');
  }
  for (const { claim_id, rejection_reason } of verdicts) {
    if (rejection_reason !== null) await refuseMember(uow.db, { settlement_id, claim_id, rejection_reason });
  }
  await payMembers(uow.db, { settlement_id });
  await payClaims(uow.db, { settlement_id });
  await payAuthorizations(uow.db, { settlement_id });
  const view = await describeSettlement(uow, { ...settlement, status, resolved_at: uow.now });
  await recordDecision(uow, eventOf[decision], view);
  return view;
}

async function recordDecision(
  uow: UnitOfWork,
  event_type: (typeof eventOf)[keyof typeof eventOf],
  view: SettlementView,
): Promise<void> {
  await recordEvent(uow, event_type, view.settlement_id, {
    settlement_id: view.settlement_id,
    sponsor_slug: view.sponsor_slug,
    period: view.period,
    status: view.status,
    total_amount: view.total_amount,
    accepted_amount: view.accepted_amount ?? 0,
    currency_code: view.currency_code,
    claims: view.lines.map(({ claim_id, authorization_id, status, rejection_reason }) => ({
      claim_id,
      authorization_id,
      status,
      ...(rejection_reason !== undefined && { rejection_reason }),
    })),
    resolved_at: isoTimestamp(uow.now),
  });
}

/** Authorizations of other providers become PAID too: none of them is reset while this goes on. */
async function enterOwners(uow: UnitOfWork, settlement_id: string): Promise<void> {
  const { provider_id } = uow.provider;
  const owners = await selectForeignOwners(uow.db, { settlement_id, provider_id });
  for (const owner of owners) await uow.as(owner.provider_id);
}

async function productsOf(uow: UnitOfWork, settlement_id: string): Promise<Map<string, string[]>> {
  const products = new Map<string, string[]>();
  for (const line of await selectProducts(uow.db, { settlement_id })) {
    const codes = [line.product_code, line.substitute_product_code ?? line.product_code];
    products.set(line.claim_id, [...(products.get(line.claim_id) ?? []), ...codes]);
  }
  return products;
}
