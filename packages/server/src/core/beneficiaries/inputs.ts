import type { SponsorAttribute } from '@osigu-sandbox/contract';
import type { Issue } from '../../platform/errors.ts';
import { fold } from '../../platform/text.ts';
import { fitsPattern } from '../sponsors/patterns/patterns.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import type { BeneficiaryRow } from './store.ts';

export type Form = SponsorProfile['forms'][number];
export type Field = Form['fields'][number];

/** The flat object of one form's fields; the form is told by `form_id` or by its keys (D: no form_id in the guides). */
export type SearchInputs = Readonly<Record<string, unknown>>;

/** Keys are an operator's words: `constructor` is one of them. */
export function inputOf(inputs: SearchInputs, key: string): unknown {
  return Object.hasOwn(inputs, key) ? inputs[key] : undefined;
}

export function inputIssues(form: Form, inputs: SearchInputs): Issue[] {
  return form.fields.flatMap((field) => fieldIssues(field, inputOf(inputs, field.key)));
}

const longestValue = 100;

export function fieldIssues(field: Field, value: unknown): Issue[] {
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
  if (field.pattern !== undefined && !fitsPattern(field.pattern, value.trim())) {
    return issue(`must fit the pattern ${field.pattern}`);
  }
  return [];
}

/** As people may write it: case and accents do not count when it is compared. */
export function spellingsOf(value: string): string[] {
  const bare = value.normalize('NFD').replace(/\p{M}/gu, '');
  const written = [value, bare].flatMap((text) => {
    const small = text.toLowerCase();
    const titled = small.replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase());
    return [text, small, text.toUpperCase(), titled];
  });
  return [...new Set(written)];
}

export type Wanted = ReadonlyMap<SponsorAttribute, string>;

/** Values of the fields that are compared. */
export function wantedOf(form: Form, inputs: SearchInputs): Wanted {
  return new Map(
    form.fields.flatMap(({ key, matches }) => {
      const value = inputOf(inputs, key);
      return matches === undefined || value === undefined ? [] : [[matches, String(value)] as const];
    }),
  );
}

/** Of several who match, the first by document number. */
export function firstWanted(people: readonly BeneficiaryRow[], wanted: Wanted): BeneficiaryRow | undefined {
  const [first] = people.filter((person) => isWanted(person, wanted)).sort(byDocumentNumber);
  return first;
}

export function byDocumentNumber(a: BeneficiaryRow, b: BeneficiaryRow): number {
  return a.document_number < b.document_number ? -1 : 1;
}

function isWanted(person: BeneficiaryRow, wanted: Wanted): boolean {
  return [...wanted].every(([attribute, value]) => fold(person[attribute] ?? '') === fold(value));
}
