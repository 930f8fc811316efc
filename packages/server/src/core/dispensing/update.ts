import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { amountsOf } from './amounts.ts';
import { lockEntitlement, requireRedeemable } from './entitlement.ts';
import { type ProductInput, pricedLine } from './lines/input.ts';
import {
  deleteLinesOfDispensation,
  insertLinesOfDispensation,
  selectLinesOfDispensation,
} from './lines/store.ts';
import { authorizationIdOf, lockOwn } from './open.ts';
import { planLines, rejectPlan } from './plan.ts';
import { giveBack, hold } from './quantities/quantities.ts';
import { dispensationMachine } from './rules.ts';
import { updateAmounts } from './store.ts';
import { type DispensationView, dispensationView } from './view.ts';

/**
 * Replaces the lines of an open dispensation: gives everything back and takes anew, so the code must still be
 * redeemable. When it cannot be done, the transaction leaves the former lines as they were.
 */
export async function updateDispensation(
  uow: UnitOfWork,
  dispensation_id: string,
  products: readonly ProductInput[],
): Promise<DispensationView> {
  const { dispensation, owner } = await lockOwn(uow, dispensation_id);
  // A closed one holds nothing that the new lines could be compared with: 409 at once.
  step(dispensationMachine, dispensation.status, 'update');
  const authorization_id = authorizationIdOf(dispensation);
  const former = await selectLinesOfDispensation(uow.db, { dispensation_id });
  await giveBack(owner.db, authorization_id, former);
  const entitlement = await lockEntitlement(owner, authorization_id);
  const plan = await planLines(uow, entitlement.lines, products, dispensation.currency_code);
  rejectPlan(plan);
  requireRedeemable(entitlement);
  if (plan.conflict !== undefined) throw fault(plan.conflict);

  await hold(owner.db, authorization_id, plan.lines);
  await deleteLinesOfDispensation(uow.db, { dispensation_id });
  await insertLinesOfDispensation(uow.db, dispensation_id, plan.lines);
  const amounts = amountsOf(plan.lines.map(pricedLine), entitlement.sponsor.cost_sharing);
  await updateAmounts(uow.db, { dispensation_id, ...amounts });
  return dispensationView({ ...dispensation, ...amounts }, plan.lines);
}
