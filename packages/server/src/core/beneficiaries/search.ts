import type { SponsorAttribute } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, type Issue, rejectIssues } from '../../platform/errors.ts';
import { fold } from '../../platform/text.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { memberKey, personKey } from './rules.ts';
import { type BeneficiaryRow, selectByMember, selectByPerson, selectPeople } from './store.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;
type Form = SponsorProfile['forms'][number];
type Field = Form['fields'][number];

/** The flat object of one form's fields; the form is told by `form_id` or by its keys (D: no form_id in the guides). */
export type SearchInputs = Readonly<Record<string, unknown>>;

/** Of several who match, the first by document number. */
export async function searchBeneficiary(
  context: Context,
  { forms }: SponsorProfile,
  inputs: SearchInputs,
): Promise<BeneficiaryRow> {
  const form = chooseForm(forms, inputs);
  rejectIssues(form.fields.flatMap((field) => issuesOf(field, inputs[field.key])));
  const wanted = wantedOf(form, inputs);
  const found = (await candidates(context, wanted))
    .filter((person) => isWanted(person, wanted))
    .sort((a, b) => (a.document_number < b.document_number ? -1 : 1));
  if (found[0] === undefined) throw fault('071-404-beneficiary');
  return found[0];
}

function chooseForm(forms: readonly Form[], inputs: SearchInputs): Form {
  const { form_id } = inputs;
  if (form_id !== undefined) {
    const named = forms.find((form) => form.form_id === form_id);
    if (named !== undefined) return named;
    const known = forms.map((form) => form.form_id).join(', ');
    throw fault('071-422-validation', { errors: [{ path: 'form_id', message: `must be one of ${known}` }] });
  }
  const given = (form: Form) => form.fields.filter((field) => inputs[field.key] !== undefined).length;
  const [best] = [...forms].sort((a, b) => given(b) - given(a));
  if (best !== undefined && given(best) > 0) return best;
  const errors = forms.flatMap((form) =>
    form.fields
      .filter((field) => field.required)
      .map((field) => ({ path: field.key, message: `is required by the form ${form.form_id}` })),
  );
  throw fault('071-422-validation', { message: 'The values fit no search form of the sponsor.', errors });
}

const longestValue = 100;

function issuesOf(field: Field, value: unknown): Issue[] {
  const issue = (message: string) => [{ path: field.key, message }];
  if (value === undefined) return field.required ? issue('is required') : [];
  if (typeof value !== 'string') return issue('must be string');
  if (fold(value) === '') return issue('must not be empty');
  const longest = field.max_length ?? longestValue;
  if (value.length > longest) return issue(`must not have more than ${longest} characters`);
  if (field.values !== undefined && !field.values.some((word) => fold(word) === fold(value))) {
    return issue(`must be one of ${field.values.join(', ')}`);
  }
  if (field.type === 'date' && !/^\d{4}-\d{2}-\d{2}$/.test(value.trim())) return issue('must be YYYY-MM-DD');
  if (field.pattern !== undefined && !new RegExp(`^(?:${field.pattern})$`, 'u').test(value.trim())) {
    return issue(`must fit the pattern ${field.pattern}`);
  }
  return [];
}

type Wanted = ReadonlyMap<SponsorAttribute, string>;

/** Values of the fields that are compared. */
function wantedOf(form: Form, inputs: SearchInputs): Wanted {
  return new Map(
    form.fields.flatMap(({ key, matches }) =>
      matches === undefined || inputs[key] === undefined ? [] : [[matches, String(inputs[key])] as const],
    ),
  );
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

function isWanted(person: BeneficiaryRow, wanted: Wanted): boolean {
  return [...wanted].every(([attribute, value]) => fold(person[attribute] ?? '') === fold(value));
}
