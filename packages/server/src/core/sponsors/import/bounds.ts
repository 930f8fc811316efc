import type { Issue } from '../../../platform/errors.ts';
import { fromWire } from '../../../platform/money.ts';

/** Of a condition, both excluded. */
interface Bounds {
  readonly quantity_over?: number | undefined;
  readonly quantity_under?: number | undefined;
  readonly amount_over?: number | undefined;
  readonly amount_under?: number | undefined;
}

/** As in a request: schema Quantity. */
const leastQuantity = 1;
const mostQuantity = 100_000;

export function quantitiesOf({ quantity_over, quantity_under }: Bounds) {
  return {
    from: Math.max(leastQuantity, (quantity_over ?? 0) + 1),
    to: Math.min(mostQuantity, (quantity_under ?? Number.POSITIVE_INFINITY) - 1),
  };
}

/** Minor units. */
export function amountsOf({ amount_over, amount_under }: Bounds) {
  return {
    from: amount_over === undefined ? 0 : fromWire(amount_over) + 1,
    to: amount_under === undefined ? Number.POSITIVE_INFINITY : fromWire(amount_under) - 1,
  };
}

export function boundIssues(when: Bounds, path: string): Issue[] {
  const { quantity_over, quantity_under, amount_over, amount_under } = when;
  const quantities = quantitiesOf(when);
  const amounts = amountsOf(when);
  const issues: Issue[] = [];
  const refuse = (member: keyof Bounds, message: string) =>
    issues.push({ path: `${path}.${member}`, message });
  if (quantity_over !== undefined && quantity_over >= mostQuantity)
    refuse('quantity_over', `leaves nothing: no more than ${mostQuantity} units are asked for`);
  if (quantity_under !== undefined && quantity_under <= leastQuantity)
    refuse('quantity_under', `leaves nothing: at least ${leastQuantity} unit is asked for`);
  else if (quantity_over !== undefined && quantity_over < mostQuantity && quantities.from > quantities.to)
    refuse('quantity_under', 'leaves no whole number between the two bounds');
  if (amount_under === 0) refuse('amount_under', 'leaves nothing: no amount is less than 0');
  else if (amount_over !== undefined && amounts.from > amounts.to)
    refuse('amount_under', 'leaves no amount between the two bounds');
  return issues;
}
