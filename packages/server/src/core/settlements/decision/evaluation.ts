import type { EmittedEventType, SettlementRule } from '@osigu-sandbox/contract';
import { type ClaimFacts, settlingRule } from '../../sponsors/decision-rules.ts';
import type { SettlementAction } from '../rules.ts';

export interface Verdict {
  readonly claim_id: string;
  /** Null: accepted. */
  readonly rejection_reason: string | null;
}

/** Sentences for the person who reads the answer of the sponsor. */
export const refusals = {
  byRule: 'La aseguradora no reconoce esta reclamación.',
  byHand: 'La aseguradora rechazó la reclamación.',
} as const;

/** The sponsor's rules, claim by claim. */
export function evaluateClaims(
  rules: readonly SettlementRule[],
  claims: readonly (ClaimFacts & Pick<Verdict, 'claim_id'>)[],
): Verdict[] {
  return claims.map((claim) => {
    const rule = settlingRule(rules, claim);
    const reason = rule?.decision === 'REJECT' ? (rule.rejection_reason ?? refusals.byRule) : null;
    return { claim_id: claim.claim_id, rejection_reason: reason };
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
