import type { DueHandler } from '../../../engine/run-due.ts';
import type { UnitOfWork } from '../../../engine/unit-of-work.ts';
import { fault } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import { step } from '../../../platform/state-machine.ts';
import { isoTimestamp } from '../../../platform/time.ts';
import { recordEvent } from '../../../webhooks/events.ts';
import { findProduct } from '../../catalogues/catalogue.ts';
import type { ClaimFacts } from '../../sponsors/decision-rules.ts';
import { sponsorOf } from '../../sponsors/sponsors.ts';
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

/** The sponsor's evaluation by its rules. What was decided by hand in the meantime is left alone. */
export function evaluationHandler(log: Log): DueHandler {
  return {
    effect: async (uow, { subject_id: settlement_id }) => {
      const { provider_id } = uow.provider;
      const [settlement] = await selectSettlement(uow.db, { provider_id, settlement_id });
      if (settlement?.status !== 'SUBMITTED') {
        log.info({ settlement_id, status: settlement?.status }, 'evaluation discarded');
        return;
      }
      const sponsor = await sponsorOf(uow.db, settlement);
      const verdicts = evaluateClaims(sponsor.settlement.rules, await claimsOf(uow, settlement_id));
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

/** The claims of the batch as the rules see them. */
async function claimsOf(uow: UnitOfWork, settlement_id: string) {
  const claims = new Map<
    string,
    ClaimFacts & { claim_id: string; products: ClaimFacts['products'][number][] }
  >();
  for (const { claim_id, kind, amount, ...line } of await selectProducts(uow.db, { settlement_id })) {
    const claim = claims.get(claim_id) ?? { claim_id, kind, amount, products: [] };
    for (const product_code of new Set([
      line.product_code,
      line.substitute_product_code ?? line.product_code,
    ])) {
      claim.products.push({ product_code, product_type: findProduct(product_code)?.product_type });
    }
    claims.set(claim_id, claim);
  }
  return [...claims.values()];
}
