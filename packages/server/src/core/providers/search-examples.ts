import { fold } from '../../platform/text.ts';
import {
  byDocumentNumber,
  type Field,
  type Form,
  fieldIssues,
  firstWanted,
  spellingsOf,
  wantedOf,
} from '../beneficiaries/inputs.ts';
import type { BeneficiaryRow } from '../beneficiaries/store.ts';
import { isSupported } from '../sponsors/patterns/patterns.ts';
import { samplesOf } from '../sponsors/patterns/sample.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';

type Example = Readonly<Record<string, string>>;

/**
 * For each form of a sponsor a body that finds the person of the guides, or else the first whom the form finds. Nothing
 * for a form that finds nobody, and for one with a field that no value could be made up for.
 */
export function examplesOf({ forms }: SponsorProfile, people: readonly BeneficiaryRow[]): Example[] {
  const ordered = people.toSorted(byDocumentNumber);
  const guide = ordered.filter((person) => person.document_number === guided);
  return forms
    .map((form) => exampleOf(form, [...guide, ...ordered]))
    .filter((example) => example !== undefined);
}

const guided = '1000000001';

function exampleOf(form: Form, people: readonly BeneficiaryRow[]): Example | undefined {
  const madeUp = new Map<string, string>();
  for (const field of form.fields.filter((each) => each.required && each.matches === undefined)) {
    const value = firstFitting(field, madeUpFor(field));
    if (value === undefined) return undefined;
    madeUp.set(field.key, value);
  }
  for (const person of people) {
    const values = valuesOf(form, person, madeUp);
    if (values !== undefined && firstWanted(people, wantedOf(form, values)) === person) {
      return { form_id: form.form_id, ...values };
    }
  }
  return undefined;
}

/** Undefined where the form refuses what it asks of this person. */
function valuesOf(
  form: Form,
  person: BeneficiaryRow,
  madeUp: ReadonlyMap<string, string>,
): Example | undefined {
  const entries: [string, string][] = [];
  for (const field of form.fields) {
    const value =
      field.matches === undefined
        ? madeUp.get(field.key)
        : firstFitting(field, writtenFor(person[field.matches] ?? '', field.values));
    if (value !== undefined) entries.push([field.key, value]);
    else if (field.required) return undefined;
  }
  return Object.fromEntries(entries);
}

function firstFitting(field: Field, values: readonly string[]): string | undefined {
  return values.find((value) => fieldIssues(field, value).length === 0);
}

function madeUpFor({ type, values, pattern }: Field): readonly string[] {
  if (type === 'date') return ['2000-01-01'];
  if (values !== undefined) return values;
  return pattern !== undefined && isSupported(pattern) ? samplesOf(pattern) : ['1'];
}

/** Words as the form has them. */
function writtenFor(value: string, words: Field['values']): readonly string[] {
  const word = words?.find((each) => fold(each) === fold(value));
  return word === undefined ? spellingsOf(value) : [word];
}
