import { settlementStatuses } from '@osigu-sandbox/contract';
import { describe, expect, test } from 'vitest';
import { step, transitionsOf } from '../../platform/state-machine.ts';
import { settlementMachine } from './rules.ts';

test('a batch is opened, submitted and decided, nothing else', () => {
  expect(transitionsOf(settlementMachine)).toEqual({
    OPEN: ['SUBMITTED'],
    SUBMITTED: ['ACCEPTED', 'PARTIALLY_ACCEPTED', 'REJECTED'],
  });
  expect(Object.keys(settlementMachine)).toEqual([...settlementStatuses]);
});

describe('conflicts', () => {
  test.each([
    ['OPEN', 'accept', '071-409-settlement-open'],
    ['OPEN', 'reject', '071-409-settlement-open'],
    ['SUBMITTED', 'change', '071-409-settlement-dispatched'],
    ['SUBMITTED', 'dispatch', '071-409-settlement-dispatched'],
    ['ACCEPTED', 'dispatch', '071-409-settlement-dispatched'],
    ['REJECTED', 'change', '071-409-settlement-dispatched'],
    ['PARTIALLY_ACCEPTED', 'accept_part', '071-409-settlement-resolved'],
  ] as const)('%s refuses to %s', (status, action, code) => {
    expect(() => step(settlementMachine, status, action)).toThrow(expect.objectContaining({ code }));
  });
});
