import type { ErrorCode } from '@osigu-sandbox/contract';
import { fault, type Issue } from '../../platform/errors.ts';

/** Something that is wrong with a claim, and the code that says so when nothing else is wrong. */
export interface Finding extends Issue {
  readonly code: ErrorCode;
}

export function invalid(issues: readonly Issue[], code: ErrorCode = '071-422-validation'): Finding[] {
  return issues.map((issue) => ({ ...issue, code }));
}

/** 422 with all of them: under the code of a rule where only that is broken, else under the general one. */
export function rejectFindings(findings: readonly Finding[]): void {
  const [first] = findings;
  if (first === undefined) return;
  const alike = findings.every(({ code }) => code === first.code);
  throw fault(alike ? first.code : '071-422-validation', {
    errors: findings.map(({ path, message }) => ({ path, message })),
  });
}
