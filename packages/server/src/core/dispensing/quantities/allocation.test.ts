import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocate, availableOf, type EntitledLine } from './allocation.ts';

const entitled =
  (product_code: string, authorized_quantity: number, held = 0, redeemed = 0) =>
  (line: number): EntitledLine => ({
    line,
    product_code,
    authorized_quantity,
    held_quantity: held,
    redeemed_quantity: redeemed,
  });
const code = (...lines: ((line: number) => EntitledLine)[]) => lines.map((make, index) => make(index));
const want = (product_code: string, quantity: number) => ({ product_code, quantity });

describe('allocation', () => {
  test('takes from the line of the product', () => {
    const lines = code(entitled('A', 10), entitled('B', 5));
    expect(allocate(lines, [want('B', 5), want('A', 3)])).toEqual([{ source_line: 1 }, { source_line: 0 }]);
  });

  test('the same product twice shares what there is', () => {
    const lines = code(entitled('A', 10));
    expect(allocate(lines, [want('A', 6), want('A', 4)])).toEqual([{ source_line: 0 }, { source_line: 0 }]);
    expect(allocate(lines, [want('A', 6), want('A', 5)])[1]).toEqual({
      issue: { path: 'products[1].quantity', message: 'is more than the 4 that remain' },
      redeemed: false,
    });
  });

  test('two lines of one product are used one after the other', () => {
    const lines = code(entitled('A', 3), entitled('A', 5));
    expect(allocate(lines, [want('A', 3), want('A', 5)])).toEqual([{ source_line: 0 }, { source_line: 1 }]);
  });

  test('what is held by another counts as a conflict, what is gone as a mistake', () => {
    expect(allocate(code(entitled('A', 10, 8, 0)), [want('A', 5)])).toEqual([{ held: true }]);
    expect(allocate(code(entitled('A', 10, 0, 8)), [want('A', 5)])).toEqual([
      { issue: { path: 'products[0].quantity', message: 'is more than the 2 that remain' }, redeemed: true },
    ]);
  });

  test('a product that is not on the code is named', () => {
    expect(allocate(code(entitled('A', 10)), [want('A', 1), want('X', 1)])[1]).toEqual({
      issue: { path: 'products[1].product_code', message: 'is not on this code' },
      redeemed: false,
    });
  });

  test('never takes more from a line than is free', () => {
    const lines = fc
      .array(fc.tuple(fc.constantFrom('A', 'B'), fc.nat(20), fc.nat(20), fc.nat(20)), { maxLength: 5 })
      .map((rows) =>
        code(
          ...rows.map(([product, free, held, redeemed]) =>
            entitled(product, free + held + redeemed, held, redeemed),
          ),
        ),
      );
    const wanted = fc.array(
      fc.record({ product_code: fc.constantFrom('A', 'B', 'C'), quantity: fc.integer({ min: 1, max: 20 }) }),
    );
    fc.assert(
      fc.property(lines, wanted, (all, products) => {
        const taken = new Map<number, number>();
        allocate(all, products).forEach((allocation, index) => {
          if (!('source_line' in allocation)) return;
          const { source_line } = allocation;
          taken.set(source_line, (taken.get(source_line) ?? 0) + (products[index]?.quantity ?? 0));
        });
        for (const each of all) expect(taken.get(each.line) ?? 0).toBeLessThanOrEqual(availableOf(each));
      }),
    );
  });
});
