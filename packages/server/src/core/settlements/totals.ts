import type { SettledClaimStatus, SettlementStatus } from '@osigu-sandbox/contract';
import type { MinorUnits } from '../../platform/money.ts';

/** Claims of one batch in one state, and what the sponsor owes for them. */
export interface Subtotal {
  readonly status: SettledClaimStatus;
  readonly claims: number;
  readonly covered: MinorUnits;
}

export interface Totals {
  readonly claim_count: number;
  /** What the sponsor is asked for: the covered amounts. The patient has paid the rest at the counter. */
  readonly total_amount: MinorUnits;
  /** Null until the sponsor decides; together they are the total. */
  readonly accepted_amount: MinorUnits | null;
  readonly rejected_amount: MinorUnits | null;
  readonly paid: boolean;
}

export function totalsOf(status: SettlementStatus, subtotals: readonly Subtotal[]): Totals {
  const sum = (of: readonly Subtotal[]) => of.reduce((total, { covered }) => total + covered, 0);
  const decided = status !== 'OPEN' && status !== 'SUBMITTED';
  return {
    claim_count: subtotals.reduce((total, { claims }) => total + claims, 0),
    total_amount: sum(subtotals),
    accepted_amount: decided ? sum(subtotals.filter((each) => each.status === 'PAID')) : null,
    rejected_amount: decided ? sum(subtotals.filter((each) => each.status === 'REJECTED')) : null,
    paid: subtotals.some((each) => each.status === 'PAID'),
  };
}
