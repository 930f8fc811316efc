import { expect } from 'vitest';
import type { Json } from '../harness.ts';
import type { Sponsor } from './contract/sponsors.ts';

/** Exact: a wire amount has at most two decimals. */
const cents = (amount: number): number => Math.round(amount * 100);
const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

interface Priced {
  readonly quantity: number;
  readonly unit_price: number;
  readonly taxes: number;
}

/**
 * Contract section 11, in integers of minor units: what a dispensation or claim shows is what its lines come to. Without
 * a sponsor (undefined) the patient pays.
 */
export function expectShares(
  view: Json,
  total: number,
  lines: readonly Priced[],
  sponsor: Sponsor | undefined,
) {
  const amounts = lines.map((line) => line.quantity * cents(line.unit_price) + cents(line.taxes));
  const due = sum(amounts);
  const coinsurance = sum(amounts.map((amount) => halfUp(amount * (sponsor?.coinsurance ?? 0))));
  const copayment = sponsor?.copayment ?? 0;
  const covered = sponsor === undefined ? 0 : Math.max(due - coinsurance - copayment, 0);
  expect({
    total: cents(total),
    covered: cents(view.amount_covered_by_sponsor),
    patient: cents(view.amount_paid_by_patient),
    coinsurance: cents(view.coinsurance_amount ?? 0),
    // Where less than the copayment is left it takes what there is.
    shares: sponsor && cents(view.copayment_amount) + cents(view.coinsurance_amount),
    currency: typeof view.currency_code,
  }).toEqual({
    total: due,
    covered,
    patient: due - covered,
    coinsurance,
    shares: sponsor && due - covered,
    currency: 'string',
  });
}

const halfUp = (hundredths: number): number => Math.floor((hundredths + 50) / 100);

/** A batch asks for what the sponsor covers of its claims; the decision splits that and loses nothing. */
export function expectTotals(settlement: Json, claims: ReadonlyMap<string, Json>): void {
  const covered = (line: Json) => cents(claims.get(line.claim_id).amount_covered_by_sponsor);
  const { lines } = settlement;
  for (const line of lines) expect(cents(line.total_amount)).toBe(covered(line));
  const of = (status: string) => sum(lines.filter((line: Json) => line.status === status).map(covered));
  const decided = settlement.resolved_at !== null;
  expect({
    claims: settlement.claim_count,
    total: cents(settlement.total_amount),
    accepted: decided ? cents(settlement.accepted_amount) : settlement.accepted_amount,
    rejected: decided ? cents(settlement.rejected_amount) : settlement.rejected_amount,
  }).toEqual({
    claims: lines.length,
    total: sum(lines.map(covered)),
    accepted: decided ? of('PAID') : null,
    rejected: decided ? of('REJECTED') : null,
  });
}
