import { dispensationStatuses } from '@osigu-sandbox/contract';
import { describe, expect, test } from 'vitest';
import { step, transitionsOf } from '../../platform/state-machine.ts';
import { dispensationMachine, mayRedeem, statusAt } from './rules.ts';

describe('the state machine', () => {
  test('only an open dispensation changes, as the database guards it', () => {
    expect(transitionsOf(dispensationMachine)).toEqual({ STARTED: ['CANCELLED', 'COMPLETED'] });
    expect(Object.keys(dispensationMachine)).toEqual([...dispensationStatuses]);
  });

  test.each(['COMPLETED', 'CANCELLED'] as const)('%s is closed for everything', (status) => {
    for (const action of ['update', 'complete', 'cancel'] as const) {
      expect(() => step(dispensationMachine, status, action)).toThrow(
        expect.objectContaining({ code: '071-409-dispensation-closed' }),
      );
    }
  });
});

describe('who may redeem', () => {
  const owner = { provider_id: 'prv_1', provider_slug: 'clinic' };
  const pharmacy = { provider_id: 'prv_2', provider_slug: 'pharmacy' };

  test.each([
    ['anybody where nobody is named', null, pharmacy, true],
    ['whoever is named', ['pharmacy'], pharmacy, true],
    ['nobody else', ['lab'], pharmacy, false],
    ['the owner, named or not', ['pharmacy'], owner, true],
  ])('%s', (_, provider_slugs, redeemer, allowed) => {
    expect(mayRedeem({ provider_id: 'prv_1', provider_slugs }, redeemer)).toBe(allowed);
  });
});

describe('expiry', () => {
  test.each([
    ['APPROVED', 999, 'APPROVED'],
    ['APPROVED', 1_000, 'EXPIRED'],
    ['PARTIALLY_REDEEMED', 1_001, 'EXPIRED'],
    ['REDEEMED', 1_001, 'REDEEMED'],
    ['VOIDED', 1_001, 'VOIDED'],
  ] as const)('%s at %i is %s', (status, now, expected) => {
    expect(statusAt(status, 1_000, now)).toBe(expected);
  });
});
