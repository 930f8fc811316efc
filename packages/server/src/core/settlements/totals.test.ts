import { settledClaimStatuses } from '@osigu-sandbox/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Subtotal, totalsOf } from './totals.ts';

const subtotal = (status: Subtotal['status'], claims: number, covered: number) => ({
  status,
  claims,
  covered,
});

test('nothing is accepted or refused before the sponsor decides', () => {
  expect(totalsOf('SUBMITTED', [subtotal('ATTACHED', 2, 165_760)])).toEqual({
    claim_count: 2,
    total_amount: 165_760,
    accepted_amount: null,
    rejected_amount: null,
    paid: false,
  });
});

test('a claim may be worth nothing and is paid all the same', () => {
  expect(totalsOf('ACCEPTED', [subtotal('PAID', 1, 0)])).toMatchObject({ accepted_amount: 0, paid: true });
});

test('accepted and refused add up to the total, to the cent', () => {
  const decided = fc.constantFrom(...settledClaimStatuses.filter((status) => status !== 'ATTACHED'));
  const parts = fc.array(fc.record({ status: decided, claims: fc.nat(1_000), covered: fc.nat(2 ** 40) }));
  fc.assert(
    fc.property(parts, (subtotals) => {
      const { total_amount, accepted_amount, rejected_amount } = totalsOf('PARTIALLY_ACCEPTED', subtotals);
      expect(Number.isSafeInteger(total_amount)).toBe(true);
      expect((accepted_amount ?? 0) + (rejected_amount ?? 0)).toBe(total_amount);
    }),
  );
});
