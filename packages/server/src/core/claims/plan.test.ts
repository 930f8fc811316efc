import { describe, expect, test } from 'vitest';
import { openStore } from '../../store/store.ts';
import { planClaim, type Terms } from './plan.ts';

const entitled = (authorized_quantity: number, held_quantity = 0, redeemed_quantity = 0) => [
  { line: 0, product_code: 'MED-SBX-001', authorized_quantity, held_quantity, redeemed_quantity },
];

/** Nothing is registered here: every plan finds that too, and nothing else unless it is expected. */
async function plan(quantity: number, terms: Partial<Terms>) {
  const store = await openStore({ location: ':memory:' });
  const uow = { db: store.db, provider: { provider_id: 'prv_none' } } as Parameters<typeof planClaim>[0];
  const items = [{ product_code: 'MED-SBX-001', product_type: 'MEDICATION' as const, quantity }];
  const { lines, findings, conflict } = await planClaim(uow, items, {
    family: 'OUTPATIENT_CARE',
    currency_code: 'DOP',
    entitled: undefined,
    ...terms,
  });
  await store.close();
  return {
    lines,
    conflict,
    paths: findings.filter(({ code }) => code !== '071-104').map(({ path }) => path),
  };
}

describe('what a claim takes', () => {
  test('nothing where there is no authorization; the price is that of the provider', async () => {
    const { lines, conflict, paths } = await plan(3, {});
    expect(lines).toMatchObject([{ source_line: null, quantity: 3, unit_price: 21_970, taxes: 0 }]);
    expect([conflict, paths]).toEqual([undefined, []]);
  });

  test('more than was ever authorized is a mistake', async () => {
    expect(await plan(11, { entitled: entitled(10) })).toMatchObject({
      conflict: undefined,
      paths: ['line_items[0].quantity'],
    });
  });

  test('what is gone or held is a conflict', async () => {
    expect((await plan(3, { entitled: entitled(10, 0, 8) })).conflict).toBe('071-409-already-dispensed');
    expect((await plan(3, { entitled: entitled(10, 8, 0) })).conflict).toBe('071-409-quantity-held');
    expect(await plan(2, { entitled: entitled(10, 4, 4) })).toMatchObject({ conflict: undefined, paths: [] });
  });

  test('of an undecided authorization nothing is said about quantities', async () => {
    expect(await plan(3, { entitled: entitled(0) })).toMatchObject({ conflict: undefined, paths: [] });
  });

  test('a medical procedure is a procedure', async () => {
    expect((await plan(1, { family: 'MEDICAL_PROCEDURE' })).paths).toEqual(['line_items[0].product_type']);
  });
});
