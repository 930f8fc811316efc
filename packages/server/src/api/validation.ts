import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { TSchema } from 'typebox';
import type { Issue } from '../platform/errors.ts';
import { isWholeCents } from '../platform/money.ts';

/** Validates one part of a request; an empty list means valid. Query values are converted in place. */
export type Check = (value: unknown, size: number) => readonly Issue[];

/** Over this many bytes only the first problem is reported: listing them all would cost the server more than the caller. */
const listAllBelow = 256 * 1024;
export const maxIssues = 200;

function createAjv(options: { coerceTypes: boolean; allErrors: boolean }): Ajv2020 {
  const ajv = new Ajv2020({ ...options, strict: false, discriminator: true, verbose: true });
  addFormats.default(ajv, ['date', 'date-time', 'email', 'uri']);
  ajv.addKeyword({
    keyword: 'multipleOfCents',
    type: 'number',
    validate: (_schema: unknown, value: number) => isWholeCents(value),
  });
  return ajv;
}

const compilers = {
  body: {
    first: createAjv({ coerceTypes: false, allErrors: false }),
    all: createAjv({ coerceTypes: false, allErrors: true }),
  },
  text: {
    first: createAjv({ coerceTypes: true, allErrors: false }),
    all: createAjv({ coerceTypes: true, allErrors: true }),
  },
} as const;

/** `text`: values that arrive as strings, in the query or a form. The second compiler is used only when something is wrong. */
export function createCheck(
  schema: TSchema,
  kind: keyof typeof compilers,
  listsAllTo: number = listAllBelow,
): Check {
  let first: ValidateFunction | undefined;
  let all: ValidateFunction | undefined;
  return (value, size) => {
    first ??= compilers[kind].first.compile(schema);
    if (first(value)) return [];
    if (size > listsAllTo) return toIssues(first.errors ?? []);
    all ??= compilers[kind].all.compile(schema);
    return all(value) ? [] : toIssues(all.errors ?? []);
  };
}

function toIssues(errors: readonly ErrorObject[]): Issue[] {
  const issues = new Map<string, Issue>();
  // An alternative that fails says so once for each branch; the branches' own errors only confuse.
  const alternatives = errors.filter((error) => error.keyword === 'anyOf').map((error) => error.instancePath);
  for (const error of errors) {
    const insideAlternative = error.keyword !== 'anyOf' && alternatives.includes(error.instancePath);
    if (insideAlternative || isRepeated(error, errors)) continue;
    for (const issue of error.keyword === 'uniqueItems' ? duplicatesOf(error) : [toIssue(error)]) {
      issues.set(`${issue.path} ${issue.message}`, issue);
      if (issues.size === maxIssues) return [...issues.values()];
    }
  }
  return [...issues.values()];
}

/** A variant's unknown tag is told by the words that it may have, unless only the first error is known. */
function isRepeated({ keyword }: ErrorObject, errors: readonly ErrorObject[]): boolean {
  return keyword === 'discriminator' && errors.length > 1;
}

/** Every entry that one before it is equal to; the validator names a single pair. */
function duplicatesOf({ instancePath, data }: ErrorObject): Issue[] {
  const seen = new Set<string>();
  return (data as readonly unknown[]).flatMap((entry, index) => {
    const text = JSON.stringify(entry);
    if (!seen.has(text)) {
      seen.add(text);
      return [];
    }
    return [{ path: `${toPath(instancePath)}[${index}]`, message: 'is named twice' }];
  });
}

function toIssue(error: ErrorObject): Issue {
  const path = toPath(error.instancePath);
  if (error.keyword === 'required') {
    return { path: join(path, String(error.params.missingProperty)), message: 'is required' };
  }
  if (error.keyword === 'additionalProperties') {
    return { path: join(path, String(error.params.additionalProperty)), message: 'is not known' };
  }
  if (error.keyword === 'discriminator') {
    return { path: join(path, String(error.params.tag)), message: 'is none of the words that are allowed' };
  }
  return { path, message: messageOf(error) };
}

function messageOf(error: ErrorObject): string {
  switch (error.keyword) {
    case 'enum':
      return `must be one of ${(error.params.allowedValues as unknown[]).join(', ')}`;
    case 'multipleOfCents':
      return 'must have at most two decimals';
    case 'anyOf':
      return 'has none of the allowed forms';
    case 'minLength':
      return error.params.limit === 1 ? 'must not be empty' : (error.message ?? 'is too short');
    default:
      return error.message ?? 'is not valid';
  }
}

/** `/products/0/quantity` as `products[0].quantity`. */
function toPath(pointer: string): string {
  let path = '';
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path = /^\d+$/.test(name) ? `${path}[${name}]` : join(path, name);
  }
  return path;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

const deepest = 32;

/**
 * An explicit null means absent (O: integrations in the field send them). Also finds characters that no text can
 * hold in the database, and cuts off what is nested too deeply to be walked. Works in place.
 */
export function tidyBody(value: unknown, issues: Issue[], path = '', depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  const members = value as Record<string, unknown>;
  for (const name of Object.keys(members)) {
    const member = members[name];
    if (member === null && !Array.isArray(value)) {
      delete members[name];
    } else if (typeof member === 'string') {
      if (member.includes('\u0000'))
        issues.push({ path: place(value, path, name), message: 'must not contain NUL' });
    } else if (typeof member === 'object' && depth === deepest) {
      issues.push({ path: place(value, path, name), message: 'is nested too deeply' });
      members[name] = undefined;
    } else if (typeof member === 'object') {
      tidyBody(member, issues, place(value, path, name), depth + 1);
    }
  }
}

function place(parent: object, path: string, name: string): string {
  return Array.isArray(parent) ? `${path}[${name}]` : join(path, name);
}
