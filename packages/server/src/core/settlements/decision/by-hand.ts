import type { SettlementStatus } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../../engine/unit-of-work.ts';
import { type Issue, rejectIssues } from '../../../platform/errors.ts';
import { evaluationWork } from '../dispatch.ts';
import { type MemberRow, selectMembers } from '../members/store.ts';
import { requireSettlement } from '../open.ts';
import type { SettlementView } from '../views.ts';
import { refusals, type Verdict } from './evaluation.ts';
import { resolve } from './resolve.ts';

export interface ManualResolution {
  readonly decision: Exclude<SettlementStatus, 'OPEN' | 'SUBMITTED'>;
  readonly rejected?: readonly { readonly claim_id: string; readonly rejection_reason?: string }[];
}

/** The sponsor's hand. */
export async function resolveByHand(
  uow: UnitOfWork,
  settlement_id: string,
  input: ManualResolution,
): Promise<SettlementView> {
  // First, so that it and the evaluation that falls due now take their locks in one order.
  await uow.unschedule(evaluationWork, settlement_id);
  const settlement = await requireSettlement(uow, settlement_id);
  const members = await selectMembers(uow.db, { settlement_id });
  rejectIssues(wrongRejections(input, members));
  return resolve(uow, settlement, verdictsByHand(input, members));
}

function wrongRejections(
  { decision, rejected = [] }: ManualResolution,
  members: readonly MemberRow[],
): Issue[] {
  const named = rejected.map((each) => each.claim_id);
  const issues = named.flatMap((claim_id, index) => {
    const path = `rejected[${index}].claim_id`;
    if (named.indexOf(claim_id) < index) return [{ path, message: 'is named twice' }];
    if (members.some((member) => member.claim_id === claim_id)) return [];
    return [{ path, message: 'is not in the settlement' }];
  });
  const path = 'rejected';
  if (decision === 'ACCEPTED' && named.length > 0) {
    issues.push({ path, message: 'must be empty where everything is accepted' });
  }
  if (decision === 'PARTIALLY_ACCEPTED') {
    if (named.length === 0) issues.push({ path, message: 'is required' });
    else if (issues.length === 0 && named.length === members.length) {
      issues.push({ path, message: 'names every claim: that is REJECTED' });
    }
  }
  return issues;
}

/** REJECTED refuses every claim; `rejected` then gives reasons to those it names. */
function verdictsByHand(
  { decision, rejected = [] }: ManualResolution,
  members: readonly MemberRow[],
): Verdict[] {
  const reasons = new Map(
    rejected.map(({ claim_id, rejection_reason = refusals.byHand }) => [claim_id, rejection_reason]),
  );
  return members.map(({ claim_id }) => {
    const reason = reasons.get(claim_id) ?? (decision === 'REJECTED' ? refusals.byHand : null);
    return { claim_id, rejection_reason: reason };
  });
}
