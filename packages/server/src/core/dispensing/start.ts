import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, type Issue } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { findBeneficiary } from '../beneficiaries/service.ts';
import type { BeneficiaryRow } from '../beneficiaries/store.ts';
import type { Entitlement } from './entitlement.ts';
import { recordStarted } from './events.ts';
import { type ProductInput, pricedLine } from './lines/input.ts';
import { insertLinesOfDispensation, type PlannedLine } from './lines/store.ts';
import { timeoutKind } from './open.ts';
import { planLines, rejectPlan } from './plan.ts';
import { entitlementOf } from './redemption.ts';
import { openFor } from './rules.ts';
import { type DispensationRow, insertDispensation } from './store.ts';
import { type DispensationView, dispensationView } from './view.ts';

export interface StartInput {
  readonly code: string;
  /** As the dispensing provider knows the person. */
  readonly beneficiary_id?: string;
  readonly products?: readonly ProductInput[];
  readonly provider_branch_id?: string;
}

export async function startDispensation(uow: UnitOfWork, input: StartInput): Promise<DispensationView> {
  const entitlement = await entitlementOf(uow, input.code);
  const { person, issues } = await personAtCounter(uow, input.beneficiary_id, entitlement);
  const plan = await planLines(uow, entitlement.lines, input.products, entitlement.currency_code);
  rejectPlan(plan, [...issues, ...branchIssues(uow, input.provider_branch_id)]);
  entitlement.requireRedeemable();
  if (plan.conflict !== undefined) throw fault(plan.conflict);

  await entitlement.hold(plan.lines);
  const beneficiary_id = person?.beneficiary_id ?? null;
  const provider_branch_id = input.provider_branch_id ?? uow.provider.provider_branch_id;
  const row = { ...newRow(uow, entitlement, plan.lines), beneficiary_id, provider_branch_id };
  await insertDispensation(uow.db, row);
  await insertLinesOfDispensation(uow.db, row.dispensation_id, plan.lines);
  await uow.schedule({ kind: timeoutKind, subject_id: row.dispensation_id, due_at: row.expires_at });
  await recordStarted({ uow, dispensation: row, lines: plan.lines }, entitlement);
  return dispensationView(row, plan.lines);
}

interface AtCounter {
  readonly person?: BeneficiaryRow;
  readonly issues: readonly Issue[];
}

/**
 * The insured person stands at the counter: whoever dispenses names them, by its own id. Where nobody is insured,
 * somebody who is named has to exist, and does not matter.
 */
async function personAtCounter(
  uow: UnitOfWork,
  beneficiary_id: string | undefined,
  { insured }: Entitlement,
): Promise<AtCounter> {
  const path = 'beneficiary_id';
  if (beneficiary_id === undefined)
    return { issues: insured === null ? [] : [{ path, message: 'is required' }] };
  const person = await findBeneficiary(uow, beneficiary_id);
  if (person === undefined) return { issues: [{ path, message: 'is unknown' }] };
  if (insured === null) return { issues: [] };
  // Before anything is said about the products: what is on somebody else's code is nobody's business.
  if (person.person_key !== insured.person_key) {
    const errors = [{ path, message: 'is not the person of this code' }];
    throw fault('071-422-beneficiary-mismatch', { errors });
  }
  return { person, issues: [] };
}

/** A provider has one branch. */
function branchIssues(uow: UnitOfWork, branch: string | undefined): Issue[] {
  if (branch === undefined || branch === uow.provider.provider_branch_id) return [];
  return [{ path: 'provider_branch_id', message: 'is not a branch of this provider' }];
}

function newRow(uow: UnitOfWork, entitlement: Entitlement, lines: readonly PlannedLine[]): DispensationRow {
  return {
    dispensation_id: newId('dispensation'),
    number: uow.numbers.next('dispensation_or_claim'),
    provider_id: uow.provider.provider_id,
    owner_provider_id: entitlement.owner.provider.provider_id,
    code: entitlement.code,
    code_type: entitlement.code_type,
    ...entitlement.source,
    beneficiary_id: null,
    sponsor_slug: entitlement.insured?.sponsor_slug ?? null,
    provider_branch_id: null,
    status: 'STARTED',
    currency_code: entitlement.currency_code,
    verification_required: entitlement.verification_required,
    ...entitlement.amountsOf(lines.map(pricedLine)),
    started_at: uow.now,
    expires_at: uow.now + openFor,
    ...notYet,
  };
}

const notYet = {
  verified_at: null,
  claim_id: null,
  document_number: null,
  document_date: null,
  document_serial: null,
  document_digital_signature: null,
  provider_transaction_id: null,
  completed_at: null,
  cancelled_at: null,
  cancelled_by: null,
  cancellation_reason: null,
} as const;
