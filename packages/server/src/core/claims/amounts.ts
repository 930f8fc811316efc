import { type MinorUnits, percentOf } from '../../platform/money.ts';

/** What is handed over: of a substituted line the substitute. */
export interface PricedLine {
  readonly unit_price: MinorUnits;
  readonly units: number;
  /** Of the whole line. */
  readonly taxes: MinorUnits;
}

export interface CostSharing {
  /** Once per claim. */
  readonly copayment_amount: MinorUnits;
  readonly coinsurance_percent: number;
}

/** Always `total = covered + copayment + coinsurance`: the patient pays the latter two. */
export interface Amounts {
  readonly total_amount: MinorUnits;
  readonly copayment_amount: MinorUnits;
  readonly coinsurance_amount: MinorUnits;
  readonly covered_amount: MinorUnits;
}

/** Of one line: 10^12 units of a currency, the most that the wire takes. Fifty such lines are still exact integers. */
export const maxLineAmount: MinorUnits = 1e14;

export function lineAmount(line: PricedLine): MinorUnits {
  return line.unit_price * line.units + line.taxes;
}

/**
 * Contract section 11. `sharing`: of all lines, or of each in its place; the copayment is the same in all. Where the copayment is more than what is left for the sponsor, the patient pays everything
 * and no more: the copayment shown is what is really charged.
 */
export function amountsOf(
  lines: readonly PricedLine[],
  sharing: CostSharing | readonly CostSharing[],
): Amounts {
  let total_amount = 0;
  let coinsurance_amount = 0;
  for (const [index, line] of lines.entries()) {
    const amount = lineAmount(line);
    total_amount += amount;
    coinsurance_amount += percentOf(amount, shareAt(sharing, index)?.coinsurance_percent ?? 0);
  }
  const copayment = shareAt(sharing, 0)?.copayment_amount ?? 0;
  const copayment_amount = Math.min(copayment, total_amount - coinsurance_amount);
  const covered_amount = total_amount - coinsurance_amount - copayment_amount;
  return { total_amount, copayment_amount, coinsurance_amount, covered_amount };
}

function shareAt(sharing: CostSharing | readonly CostSharing[], index: number): CostSharing | undefined {
  return 'coinsurance_percent' in sharing ? sharing : sharing[index];
}
