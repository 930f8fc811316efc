import type { SponsorProfile as ProfileFile } from '@osigu-sandbox/contract';
import { describe, expect, test } from 'vitest';
import { sponsorFile } from '../test-profile.ts';
import { draftOf } from './draft.ts';
import { formIssues } from './forms.ts';

type Field = ProfileFile['forms'][number]['fields'][number];

const told = (fields: readonly Partial<Field>[], ...wrong: string[]): Record<string, string> => {
  const complete = fields.map((field, index) => ({
    key: `f${index}`,
    type: 'string',
    required: true,
    ...field,
  }));
  const file = { ...sponsorFile, forms: [{ form_id: 'form', label: 'Form', fields: complete }] };
  const issues = wrong.map((path) => ({ path, message: 'is wrong' }));
  return Object.fromEntries(formIssues(draftOf(file, issues)).map((issue) => [issue.path, issue.message]));
};

describe('a field that nobody can be named in is refused at the member that keeps all out', () => {
  test.each<[Partial<Field>, string]>([
    [{ type: 'enum', values: ['ZZZ'], matches: 'document_number' }, 'values'],
    [{ type: 'date', matches: 'sex' }, 'type'],
    [{ max_length: 2, matches: 'document_number' }, 'max_length'],
    [{ pattern: '[a-z]{3}', matches: 'document_number' }, 'pattern'],
    [{ pattern: '[0-9]{8}-[0-9]', max_length: 40, matches: 'member_id' }, 'pattern'],
  ])('%j', (field, member) => {
    expect(told([field])).toEqual({
      [`forms[0].fields[0].${member}`]: `admits no ${field.matches} of the synthetic people`,
    });
  });

  test('an optional one too, and one where only the members together do', () => {
    const name = { matches: 'first_name' } as const;
    expect(told([{ matches: 'member_id' }, { ...name, required: false, max_length: 1 }])).toHaveProperty([
      'forms[0].fields[1].max_length',
    ]);
    expect(told([{ ...name, max_length: 6, pattern: 'MAR.*' }])).toEqual({
      'forms[0].fields[0]': 'admits no first_name of the synthetic people',
    });
  });
});

describe('a form is refused whose fields find nobody together', () => {
  const children: Partial<Field> = { type: 'enum', values: ['TI'], matches: 'document_type' };

  test('where no person fits all that are required', () => {
    expect(told([children, { matches: 'date_of_birth', pattern: '19.*' }])).toEqual({
      'forms[0].fields': 'find none of the synthetic people together',
    });
    expect(told([children, { matches: 'date_of_birth', pattern: '20.*' }])).toEqual({});
    expect(told([children, { matches: 'date_of_birth', pattern: '19.*', required: false }])).toEqual({});
  });

  test('but not where somebody can be written so: in any case, with accents or without', () => {
    for (const pattern of ['[a-z]+', '[A-Z]+', '[A-ZÁÉÍÓÚÑ]+', '[A-Z][a-z]+', 'Sofía'])
      expect(told([{ matches: 'first_name', pattern }]), pattern).toEqual({});
    expect(told([{ type: 'enum', values: ['female', 'male'], matches: 'sex' }])).toEqual({});
    expect(told([{ type: 'date', matches: 'date_of_birth' }])).toEqual({});
    expect(told([{ type: 'enum', values: ['CC', 'NIT'], matches: 'document_type' }])).toEqual({});
  });

  test('nor where a field is wrong that may be meant otherwise', () => {
    expect(
      told([children, { matches: 'date_of_birth', pattern: '19.*' }], 'forms[0].fields[1].pattern'),
    ).toEqual({});
    expect(told([{ required: false }], 'forms[0].fields[0].required')).toEqual({});
  });
});
