import { describe, expect, test } from 'vitest';
import { Fault } from '../../platform/errors.ts';
import { type Finding, invalid, rejectFindings } from './findings.ts';

const issue = (path: string) => ({ path, message: 'is wrong' });

function refusalOf(findings: readonly Finding[]): Fault | undefined {
  try {
    rejectFindings(findings);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

describe('findings', () => {
  test('none are no refusal', () => {
    expect(refusalOf([])).toBeUndefined();
  });

  test('of one rule alone carry its code', () => {
    const fault = refusalOf(invalid([issue('a'), issue('b')], '071-104'));
    expect([fault?.code, fault?.errors]).toEqual(['071-104', [issue('a'), issue('b')]]);
  });

  test('of several rules are one list under the general code', () => {
    const fault = refusalOf([
      ...invalid([issue('a')], '071-422-beneficiary-mismatch'),
      ...invalid([issue('b')], '071-104'),
    ]);
    expect([fault?.code, fault?.errors]).toEqual(['071-422-validation', [issue('a'), issue('b')]]);
  });
});
