import { claimStatuses } from '@osigu-sandbox/contract';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { type ClaimAction, claimMachine, familyOf } from './rules.ts';

const legal: readonly [from: string, action: ClaimAction, to: string][] = [
  ['OPEN', 'update', 'OPEN'],
  ['OPEN', 'attach', 'OPEN'],
  ['OPEN', 'complete', 'COMPLETED'],
  ['OPEN', 'void', 'VOIDED'],
  ['OPEN', 'expire', 'EXPIRED'],
  ['COMPLETED', 'void', 'VOIDED'],
  ['COMPLETED', 'pay', 'PAID'],
];
const actions: readonly ClaimAction[] = ['update', 'attach', 'complete', 'void', 'expire', 'pay'];

describe('a claim', () => {
  const all = claimStatuses.flatMap((from) => actions.map((action) => [from, action] as const));

  test.each(all)('%s, %s', (from, action) => {
    const to = legal.find(([state, name]) => state === from && name === action)?.[2];
    if (to !== undefined) expect(step(claimMachine, from, action)).toBe(to);
    else expect(() => step(claimMachine, from, action)).toThrow(Fault);
  });

  test('of a dispensation reads as outpatient care', () => {
    expect(familyOf('DISPENSATION')).toBe('OUTPATIENT_CARE');
    expect(familyOf('MEDICAL_PROCEDURE')).toBe('MEDICAL_PROCEDURE');
  });
});
