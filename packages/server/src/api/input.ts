import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { Issue } from '../platform/errors.ts';
import { createCheck, tidyBody } from './validation.ts';

interface CheckedInput {
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly bodyOptional?: boolean;
}

/** Lists what is wrong with query and body; converts, trims and tidies both in place. */
export function createInputCheck(endpoint: CheckedInput): (request: FastifyRequest) => readonly Issue[] {
  const checkBody = endpoint.body && createCheck(endpoint.body, 'body');
  const checkQuery = endpoint.query && createCheck(endpoint.query, 'text');
  return (request) => {
    const issues: Issue[] = [];
    if (checkQuery !== undefined) {
      trimValues(request.query as Record<string, unknown>);
      issues.push(...checkQuery(request.query, 0));
    }
    if (checkBody === undefined) {
      tidyBody(request.body, []);
      return issues;
    }
    if (request.body === undefined || request.body === null) {
      // A call whose members are all optional may come without a body; the others hear what is missing.
      request.body = {};
      if (endpoint.bodyOptional === true) return issues;
    }
    tidyBody(request.body, issues);
    issues.push(...checkBody(request.body, Number(request.headers['content-length'] ?? 0)));
    return issues;
  };
}

/** O: query values arrive with blanks around them; an empty one counts as absent. */
function trimValues(query: Record<string, unknown>): void {
  for (const name of Object.keys(query)) {
    const value = query[name];
    if (typeof value !== 'string') continue;
    const trimmed = value.trim();
    if (trimmed === '') delete query[name];
    else query[name] = trimmed;
  }
}
