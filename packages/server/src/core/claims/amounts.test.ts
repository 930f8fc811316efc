import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { amountsOf, lineAmount, maxLineAmount } from './amounts.ts';

const line = fc.record({
  unit_price: fc.integer({ min: 0, max: 1e9 }),
  units: fc.integer({ min: 1, max: 100_000 }),
  taxes: fc.integer({ min: 0, max: 1e9 }),
});
const lines = fc
  .array(line, { minLength: 1, maxLength: 50 })
  .filter((all) => all.every((each) => lineAmount(each) <= maxLineAmount));
const sharing = fc.record({
  copayment_amount: fc.integer({ min: 0, max: 1e9 }),
  coinsurance_percent: fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100),
});

describe('money', () => {
  test('always adds up, in whole minor units, and nobody pays less than nothing', () => {
    fc.assert(
      fc.property(lines, sharing, (all, rules) => {
        const amounts = amountsOf(all, rules);
        const { total_amount, copayment_amount, coinsurance_amount, covered_amount } = amounts;
        expect(covered_amount + copayment_amount + coinsurance_amount).toBe(total_amount);
        expect(total_amount).toBe(all.reduce((sum, each) => sum + lineAmount(each), 0));
        for (const amount of Object.values(amounts)) {
          expect(Number.isSafeInteger(amount)).toBe(true);
          expect(amount).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test('the sponsor covers max(0, total − coinsurance − copayment)', () => {
    fc.assert(
      fc.property(lines, sharing, (all, rules) => {
        const { total_amount, coinsurance_amount, covered_amount } = amountsOf(all, rules);
        const rest = total_amount - coinsurance_amount - rules.copayment_amount;
        expect(covered_amount).toBe(Math.max(rest, 0));
      }),
    );
  });

  test('coinsurance is within half a minor unit of the exact share, line by line', () => {
    fc.assert(
      fc.property(line, fc.integer({ min: 0, max: 10_000 }), (one, basisPoints) => {
        const amount = lineAmount(one);
        fc.pre(amount <= maxLineAmount);
        const { coinsurance_amount } = amountsOf([one], {
          copayment_amount: 0,
          coinsurance_percent: basisPoints / 100,
        });
        const twiceError = 2n * (10_000n * BigInt(coinsurance_amount) - BigInt(amount) * BigInt(basisPoints));
        expect(twiceError > -10_000n && twiceError <= 10_000n).toBe(true);
      }),
    );
  });

  test('rounds half up on each line, takes the copayment once', () => {
    const halves = [
      { unit_price: 5, units: 1, taxes: 0 },
      { unit_price: 5, units: 1, taxes: 10 },
    ];
    expect(amountsOf(halves, { copayment_amount: 3, coinsurance_percent: 10 })).toEqual({
      total_amount: 20,
      coinsurance_amount: 1 + 2,
      copayment_amount: 3,
      covered_amount: 14,
    });
  });

  test('the copayment is never more than what there is to pay', () => {
    const cheap = [{ unit_price: 100, units: 1, taxes: 0 }];
    expect(amountsOf(cheap, { copayment_amount: 500, coinsurance_percent: 20 })).toEqual({
      total_amount: 100,
      coinsurance_amount: 20,
      copayment_amount: 80,
      covered_amount: 0,
    });
  });
});
