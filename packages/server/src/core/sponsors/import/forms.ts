import type { SponsorProfile as ProfileFile } from '@osigu-sandbox/contract';
import type { Issue } from '../../../platform/errors.ts';

type Form = ProfileFile['forms'][number];
type Field = Form['fields'][number];

/** The body of a search has this member for itself. */
const reserved = 'form_id';

export function formIssues(forms: readonly Form[]): Issue[] {
  const ids = forms.map((form) => form.form_id);
  return forms.flatMap((form, index) => {
    const path = `forms[${index}]`;
    const issues = fieldIssues(form.fields, `${path}.fields`);
    if (ids.indexOf(form.form_id) < index)
      issues.push({ path: `${path}.form_id`, message: 'is named twice' });
    issues.push(...matchedTwice(form.fields, `${path}.fields`));
    if (!form.fields.some((field) => field.required && field.matches !== undefined)) {
      issues.push({ path: `${path}.fields`, message: 'must have a required field with `matches`' });
    }
    return issues;
  });
}

function fieldIssues(fields: readonly Field[], path: string): Issue[] {
  const keys = fields.map((field) => field.key);
  return fields.flatMap((field, index) => {
    const place = `${path}[${index}]`;
    const issues = wrongMembers(field, place);
    if (field.key === reserved) issues.push({ path: `${place}.key`, message: `must not be ${reserved}` });
    if (keys.indexOf(field.key) < index) issues.push({ path: `${place}.key`, message: 'is named twice' });
    return issues;
  });
}

function matchedTwice(fields: readonly Field[], path: string): Issue[] {
  const attributes = fields.map((field) => field.matches);
  return attributes.flatMap((attribute, index) =>
    attribute !== undefined && attributes.indexOf(attribute) < index
      ? [{ path: `${path}[${index}].matches`, message: `is ${attribute} again` }]
      : [],
  );
}

function wrongMembers({ type, values, pattern, max_length }: Field, path: string): Issue[] {
  const issues: Issue[] = [];
  if (type === 'enum' && values === undefined) {
    issues.push({ path: `${path}.values`, message: 'is required of an enum' });
  }
  if (type !== 'enum' && values !== undefined) {
    issues.push({ path: `${path}.values`, message: 'has no meaning but of an enum' });
  }
  if (type !== 'string' && pattern !== undefined) {
    issues.push({ path: `${path}.pattern`, message: 'has no meaning but of a string' });
  }
  if (type !== 'string' && max_length !== undefined) {
    issues.push({ path: `${path}.max_length`, message: 'has no meaning but of a string' });
  }
  if (pattern !== undefined && !isExpression(pattern)) {
    issues.push({ path: `${path}.pattern`, message: 'is no regular expression' });
  }
  return issues;
}

function isExpression(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
