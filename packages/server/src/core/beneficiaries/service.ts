import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { isoDate } from '../../platform/time.ts';
import { coverageActive } from './rules.ts';
import { type BeneficiaryRow, selectBeneficiary, selectDependents } from './store.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider' | 'now'>;

/** A beneficiary named in a URL. */
export async function requireBeneficiary(context: Context, beneficiary_id: string): Promise<BeneficiaryRow> {
  const found = await findBeneficiary(context, beneficiary_id);
  if (found === undefined) throw fault('071-404-beneficiary');
  return found;
}

export async function findBeneficiary(
  context: Pick<Context, 'db' | 'provider'>,
  beneficiary_id: string,
): Promise<BeneficiaryRow | undefined> {
  const [row] = await selectBeneficiary(context.db, {
    provider_id: context.provider.provider_id,
    beneficiary_id,
  });
  return row;
}

export function hasActiveCoverage(person: BeneficiaryRow, now: number): boolean {
  return coverageActive(person.suspended === 1, person.effective_until, isoDate(now));
}

function coverageOf(person: BeneficiaryRow, now: number) {
  return {
    plan_code: person.plan_code,
    active: hasActiveCoverage(person, now),
    effective_until: person.effective_until,
  };
}

export async function dependentsOf(context: Context, holder: BeneficiaryRow) {
  const rows = await selectDependents(context.db, { holder_id: holder.beneficiary_id });
  return rows.map((person) => ({
    beneficiary_id: person.beneficiary_id,
    first_name: person.first_name,
    last_name: person.last_name,
    relationship: person.relationship,
    date_of_birth: person.date_of_birth,
    coverage: coverageOf(person, context.now),
  }));
}

/** As the wire shows one. `dependants` (D: British spelling) only for a holder who has any. */
export async function beneficiaryView(context: Context, person: BeneficiaryRow) {
  const dependants = person.holder_id === null ? await dependentsOf(context, person) : [];
  return {
    beneficiary_id: person.beneficiary_id,
    first_name: person.first_name,
    last_name: person.last_name,
    document_type: person.document_type,
    document_number: person.document_number,
    date_of_birth: person.date_of_birth,
    coverage: coverageOf(person, context.now),
    ...(dependants.length > 0 && { dependants }),
  };
}
