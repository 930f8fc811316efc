import type { SponsorProfile as ProfileFile, SponsorAttribute } from '@osigu-sandbox/contract';
import { memberId, type PersonSeed, people } from '../../../fixtures/people.ts';
import type { Issue } from '../../../platform/errors.ts';
import { fieldIssues, spellingsOf } from '../../beneficiaries/inputs.ts';

type Field = ProfileFile['forms'][number]['fields'][number];

/** Of a field that is compared and that nobody can be named in: every provider has the same synthetic people. */
export function narrowIssues(field: Field, path: string): Issue[] {
  const { matches } = field;
  if (matches === undefined || people.some((person) => admits(field, person))) return [];
  const message = `admits no ${matches} of the synthetic people`;
  return [{ path: `${path}${tooNarrow(field)}`, message }];
}

/** Whether there is one who can be named in all fields that a search must have. */
export function findsSomebody(fields: readonly Field[]): boolean {
  const required = fields.filter((field) => field.required);
  return people.some((person) => required.every((field) => admits(field, person)));
}

/** Whether a search can name this person in the field. */
function admits(field: Field, person: PersonSeed): boolean {
  if (field.matches === undefined) return true;
  const value = attributeOf(person, field.matches);
  return value !== null && spellingsOf(value).some((each) => fieldIssues(field, each).length === 0);
}

/** The member that by itself keeps everybody out. */
function tooNarrow({ key, matches, type, values, max_length, pattern }: Field): string {
  const plain = { key, required: false, ...(matches !== undefined && { matches }) };
  const alone: Record<string, Field> = {
    type: { ...plain, type },
    ...(values && { values: { ...plain, type: 'enum', values } }),
    ...(max_length && { max_length: { ...plain, type: 'string', max_length } }),
    ...(pattern && { pattern: { ...plain, type: 'string', pattern } }),
  };
  const found = Object.entries(alone).find(([, field]) => !people.some((person) => admits(field, person)));
  return found === undefined ? '' : `.${found[0]}`;
}

function attributeOf(person: PersonSeed, attribute: SponsorAttribute): string | null {
  return attribute === 'member_id' ? memberId(person) : person[attribute];
}
