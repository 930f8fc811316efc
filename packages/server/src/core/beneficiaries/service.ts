import type { SearchForm } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import type { SponsorProfile } from '../../fixtures/sponsor-profile.ts';
import { fault, type Issue, rejectIssues } from '../../platform/errors.ts';
import { fold } from '../../platform/text.ts';
import { isoDate } from '../../platform/time.ts';
import { coverageActive, memberKey, personKey } from './rules.ts';
import {
  type BeneficiaryRow,
  selectBeneficiary,
  selectByMember,
  selectByPerson,
  selectDependents,
} from './store.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider' | 'now'>;

/** The flat object of one form's fields; the form is told by `form_id` or by its keys (D: no form_id in the guides). */
export type SearchInputs = Readonly<Record<string, unknown>>;

export async function searchBeneficiary(
  context: Context,
  profile: SponsorProfile,
  inputs: SearchInputs,
): Promise<BeneficiaryRow> {
  const form = chooseForm(profile.forms, inputs);
  rejectIssues(issuesOf(form, inputs));
  const provider_id = context.provider.provider_id;
  const rows =
    form.form_id === 'member-id'
      ? await selectByMember(context.db, { provider_id, member_key: memberKey(String(inputs.member_id)) })
      : await selectByPerson(context.db, {
          provider_id,
          person_key: personKey(String(inputs.document_type), String(inputs.document_number)),
        });
  const [found] = rows;
  if (found === undefined) throw fault('071-404-beneficiary');
  return found;
}

function chooseForm(forms: readonly SearchForm[], inputs: SearchInputs): SearchForm {
  const { form_id } = inputs;
  if (form_id !== undefined) {
    const named = forms.find((form) => form.form_id === form_id);
    if (named !== undefined) return named;
    const known = forms.map((form) => form.form_id).join(', ');
    throw fault('071-422-validation', { errors: [{ path: 'form_id', message: `must be one of ${known}` }] });
  }
  const given = (form: SearchForm) => form.fields.filter((field) => inputs[field.key] !== undefined).length;
  const [best] = [...forms].sort((a, b) => given(b) - given(a));
  if (best !== undefined && given(best) > 0) return best;
  const errors = forms.flatMap((form) =>
    form.fields
      .filter((field) => field.required)
      .map((field) => ({ path: field.key, message: `is required by the form ${form.form_id}` })),
  );
  throw fault('071-422-validation', { message: 'The values fit no search form of the sponsor.', errors });
}

function issuesOf(form: SearchForm, inputs: SearchInputs): Issue[] {
  return form.fields.flatMap((field) => {
    const value = inputs[field.key];
    if (value === undefined) return field.required ? [{ path: field.key, message: 'is required' }] : [];
    if (typeof value !== 'string') return [{ path: field.key, message: 'must be string' }];
    if (fold(value) === '') return [{ path: field.key, message: 'must not be empty' }];
    if (value.length > 100) return [{ path: field.key, message: 'must not have more than 100 characters' }];
    if (field.values !== undefined && !field.values.some((word) => fold(word) === fold(value))) {
      return [{ path: field.key, message: `must be one of ${field.values.join(', ')}` }];
    }
    return [];
  });
}

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
