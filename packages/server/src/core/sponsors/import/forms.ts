import type { SponsorProfile as ProfileFile } from '@osigu-sandbox/contract';
import type { Issue } from '../../../platform/errors.ts';
import { patternProblem } from '../patterns/patterns.ts';
import type { Draft, Sound } from './draft.ts';
import { findsSomebody, narrowIssues } from './findable.ts';

type Form = ProfileFile['forms'][number];
type Field = Form['fields'][number];
type DraftField = Sound<Field> | undefined;

/** The body of a search has this member for itself. */
const reserved = 'form_id';

export function formIssues({ file, isSound }: Draft): Issue[] {
  const { forms = [] } = file;
  const ids = forms.map((form) => form?.form_id);
  return forms.flatMap((form, index) => {
    const path = `forms[${index}]`;
    const { fields = [] } = form ?? {};
    const issues = [...fieldIssues(fields, `${path}.fields`), ...matchedTwice(fields, `${path}.fields`)];
    if (form?.form_id !== undefined && ids.indexOf(form.form_id) < index)
      issues.push({ path: `${path}.form_id`, message: 'is named twice' });
    for (const [nth, field] of fields.entries()) {
      const place = `${path}.fields[${nth}]`;
      const isRight = isSound(place) && !issues.some((issue) => issue.path.startsWith(`${place}.`));
      if (isRight) issues.push(...narrowIssues(field as Field, place));
    }
    if (!isSound(`${path}.fields`)) return issues;
    if (!fields.some((field) => field?.required && field.matches !== undefined)) {
      issues.push({ path: `${path}.fields`, message: 'must have a required field with `matches`' });
    }
    if (issues.length === 0 && !findsSomebody(fields as readonly Field[]))
      issues.push({ path: `${path}.fields`, message: 'find none of the synthetic people together' });
    return issues;
  });
}

function fieldIssues(fields: readonly DraftField[], path: string): Issue[] {
  const keys = fields.map((field) => field?.key);
  return fields.flatMap((field = {}, index) => {
    const place = `${path}[${index}]`;
    const issues = wrongMembers(field, place);
    if (field.key === reserved) issues.push({ path: `${place}.key`, message: `must not be ${reserved}` });
    if (field.key !== undefined && keys.indexOf(field.key) < index)
      issues.push({ path: `${place}.key`, message: 'is named twice' });
    return issues;
  });
}

function matchedTwice(fields: readonly DraftField[], path: string): Issue[] {
  const attributes = fields.map((field) => field?.matches);
  return attributes.flatMap((attribute, index) =>
    attribute !== undefined && attributes.indexOf(attribute) < index
      ? [{ path: `${path}[${index}].matches`, message: `is ${attribute} again` }]
      : [],
  );
}

function wrongMembers(field: Sound<Field>, path: string): Issue[] {
  const { type, pattern } = field;
  const issues: Issue[] = [];
  if (type === 'enum' && !('values' in field)) {
    issues.push({ path: `${path}.values`, message: 'is required of an enum' });
  }
  for (const [name, of, owner] of membersOfTypes) {
    if (type !== undefined && type !== of && name in field)
      issues.push({ path: `${path}.${name}`, message: `has no meaning but of ${owner}` });
  }
  const problem = pattern === undefined ? undefined : patternProblem(pattern);
  if (problem !== undefined) issues.push({ path: `${path}.pattern`, message: problem });
  return issues;
}

const membersOfTypes = [
  ['values', 'enum', 'an enum'],
  ['pattern', 'string', 'a string'],
  ['max_length', 'string', 'a string'],
] as const;
