import { prescriptionStatuses } from '@osigu-sandbox/contract';
import { describe, expect, test } from 'vitest';
import { step } from '../../platform/state-machine.ts';
import { type PrescriptionAction, prescriptionMachine, prescriptionStatusAt } from './rules.ts';

describe('the state machine', () => {
  test('knows every status', () => {
    expect(Object.keys(prescriptionMachine)).toEqual([...prescriptionStatuses]);
  });

  test('dispenses in parts until nothing is left', () => {
    expect(step(prescriptionMachine, 'PRESCRIPTION_ISSUED', 'dispense_part')).toBe('PARTIALLY_DISPENSED');
    expect(step(prescriptionMachine, 'PARTIALLY_DISPENSED', 'dispense_part')).toBe('PARTIALLY_DISPENSED');
    expect(step(prescriptionMachine, 'PARTIALLY_DISPENSED', 'dispense_rest')).toBe('DISPENSED');
  });

  test.each([
    ['DISPENSED', '071-409-already-dispensed'],
    ['VOIDED', '071-409-code-voided'],
    ['EXPIRED', '071-409-code-expired'],
  ] as const)('%s is the end', (status, code) => {
    for (const action of ['dispense_part', 'dispense_rest', 'mail', 'expire'] satisfies PrescriptionAction[])
      expect(() => step(prescriptionMachine, status, action)).toThrow(expect.objectContaining({ code }));
  });

  test.each(['PARTIALLY_DISPENSED', 'DISPENSED', 'VOIDED', 'EXPIRED'] as const)(
    '%s cannot be voided',
    (status) => {
      expect(() => step(prescriptionMachine, status, 'void')).toThrow(
        expect.objectContaining({ code: '071-409-prescription-not-voidable' }),
      );
    },
  );
});

test.each([
  ['PRESCRIPTION_ISSUED', 999, 'PRESCRIPTION_ISSUED'],
  ['PRESCRIPTION_ISSUED', 1_000, 'EXPIRED'],
  ['PARTIALLY_DISPENSED', 1_000, 'EXPIRED'],
  ['DISPENSED', 1_000, 'DISPENSED'],
  ['VOIDED', 1_000, 'VOIDED'],
] as const)('%s at %i is %s', (status, now, expected) => {
  expect(prescriptionStatusAt({ status, expires_at: 1_000 }, now)).toBe(expected);
});
