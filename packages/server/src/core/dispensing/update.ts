import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { type ProductInput, pricedLine } from './lines/input.ts';
import {
  deleteLinesOfDispensation,
  insertLinesOfDispensation,
  selectLinesOfDispensation,
} from './lines/store.ts';
import { lockOwn } from './open.ts';
import { planLines, rejectPlan } from './plan.ts';
import { lockEntitlement } from './redemption.ts';
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
  const former = await lockEntitlement(uow, owner, dispensation);
  await former.giveBack(await selectLinesOfDispensation(uow.db, { dispensation_id }));
  const entitlement = await lockEntitlement(uow, owner, dispensation);
  const plan = await planLines(uow, entitlement.lines, products, dispensation.currency_code);
  rejectPlan(plan);
  entitlement.requireRedeemable();
  if (plan.conflict !== undefined) throw fault(plan.conflict);

  await entitlement.hold(plan.lines);
  await deleteLinesOfDispensation(uow.db, { dispensation_id });
  await insertLinesOfDispensation(uow.db, dispensation_id, plan.lines);
  const amounts = entitlement.amountsOf(plan.lines.map(pricedLine));
  await updateAmounts(uow.db, { dispensation_id, ...amounts });
  return dispensationView({ ...dispensation, ...amounts }, plan.lines);
}
