import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, rejectIssues } from '../../platform/errors.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import {
  type Form,
  firstWanted,
  inputIssues,
  inputOf,
  type SearchInputs,
  type Wanted,
  wantedOf,
} from './inputs.ts';
import { memberKey, personKey } from './rules.ts';
import { type BeneficiaryRow, selectByMember, selectByPerson, selectPeople } from './store.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

export async function searchBeneficiary(
  context: Context,
  { forms }: SponsorProfile,
  inputs: SearchInputs,
): Promise<BeneficiaryRow> {
  const form = chooseForm(forms, inputs);
  rejectIssues(inputIssues(form, inputs));
  const wanted = wantedOf(form, inputs);
  const found = firstWanted(await candidates(context, wanted), wanted);
  if (found === undefined) throw fault('071-404-beneficiary');
  return found;
}

function chooseForm(forms: readonly Form[], inputs: SearchInputs): Form {
  const { form_id } = inputs;
  if (form_id !== undefined) {
    const named = forms.find((form) => form.form_id === form_id);
    if (named !== undefined) return named;
    const known = forms.map((form) => form.form_id).join(', ');
    throw fault('071-422-validation', { errors: [{ path: 'form_id', message: `must be one of ${known}` }] });
  }
  const given = (form: Form) =>
    form.fields.filter((field) => inputOf(inputs, field.key) !== undefined).length;
  const [best] = [...forms].sort((a, b) => given(b) - given(a));
  if (best !== undefined && given(best) > 0) return best;
  const errors = forms.flatMap((form) =>
    form.fields
      .filter((field) => field.required)
      .map((field) => ({ path: field.key, message: `is required by the form ${form.form_id}` })),
  );
  throw fault('071-422-validation', { message: 'The values fit no search form of the sponsor.', errors });
}

/** By the index where the whole document or the member number is given; a provider's people are few otherwise. */
async function candidates(
  { db, provider: { provider_id } }: Context,
  wanted: Wanted,
): Promise<readonly BeneficiaryRow[]> {
  const [type, number] = [wanted.get('document_type'), wanted.get('document_number')];
  if (type !== undefined && number !== undefined) {
    return selectByPerson(db, { provider_id, person_key: personKey(type, number) });
  }
  const member = wanted.get('member_id');
  if (member !== undefined) return selectByMember(db, { provider_id, member_key: memberKey(member) });
  return selectPeople(db, { provider_id });
}
