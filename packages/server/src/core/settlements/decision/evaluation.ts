import type { EmittedEventType } from '@osigu-sandbox/contract';
import { magicCodes } from '../../../fixtures/magic.ts';
import type { SettlementAction } from '../rules.ts';

export interface Verdict {
  readonly claim_id: string;
  /** Null: accepted. */
  readonly rejection_reason: string | null;
}

/** Sentences for the person who reads the answer of the sponsor. */
export const refusals = {
  notPaid: 'La aseguradora no reconoce este producto en la liquidación.',
  byHand: 'La aseguradora rechazó la reclamación.',
} as const;

/** How the fixture sponsors decide: a claim with the magic medication is refused, all others are accepted. */
export function evaluateClaims(
  claim_ids: readonly string[],
  productsOf: ReadonlyMap<string, readonly string[]>,
): Verdict[] {
  return claim_ids.map((claim_id) => {
    const refused = productsOf.get(claim_id)?.includes(magicCodes.claimRejected) ?? false;
    return { claim_id, rejection_reason: refused ? refusals.notPaid : null };
  });
}

type Decision = Extract<SettlementAction, 'accept' | 'accept_part' | 'reject'>;

export function decisionOf(verdicts: readonly Verdict[]): Decision {
  const accepted = verdicts.filter((verdict) => verdict.rejection_reason === null).length;
  if (accepted === verdicts.length) return 'accept';
  return accepted === 0 ? 'reject' : 'accept_part';
}

/** D: the catalogue has no `settlement.accepted`; what is accepted in full is told by its payment. */
export const eventOf = {
  accept: 'settlement.paid',
  accept_part: 'settlement.partially_accepted',
  reject: 'settlement.rejected',
} as const satisfies Record<Decision, EmittedEventType>;
