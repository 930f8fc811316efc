import { change, type Executor, lookup, statement } from '../../store/statement.ts';

type Key = { provider_id: string; product_code: string };

export const selectRegistration = lookup<Key, { registered_at: number }>(
  ['provider_products'],
  (db, { provider_id, product_code }) =>
    db
      .selectFrom('provider_products')
      .select('registered_at')
      .where('provider_id', '=', provider_id)
      .where('product_code', '=', product_code),
);

/** 0 when it is registered already. */
export const insertRegistration = change<Key & { registered_at: number }>((db, row) =>
  db
    .insertInto('provider_products')
    .values({
      provider_id: row.provider_id,
      product_code: row.product_code,
      registered_at: row.registered_at,
    })
    .onConflict((conflict) => conflict.doNothing()),
);

export const deleteRegistration = change<Key>((db, { provider_id, product_code }) =>
  db
    .deleteFrom('provider_products')
    .where('provider_id', '=', provider_id)
    .where('product_code', '=', product_code),
);

export const selectRegistrations = statement<
  { provider_id: string },
  { product_code: string; registered_at: number }
>((db, { provider_id }) =>
  db
    .selectFrom('provider_products')
    .select(['product_code', 'registered_at'])
    .where('provider_id', '=', provider_id),
);

/** Which of these codes the provider has registered. */
export async function registeredAmong(
  db: Executor,
  provider_id: string,
  codes: readonly string[],
): Promise<Set<string>> {
  if (codes.length === 1) {
    const [product_code = ''] = codes;
    const [row] = await selectRegistration(db, { provider_id, product_code });
    return new Set(row === undefined ? [] : codes);
  }
  const rows = await db
    .selectFrom('provider_products')
    .select('product_code')
    .where('provider_id', '=', provider_id)
    .where('product_code', 'in', [...codes])
    .execute();
  return new Set(rows.map((row) => row.product_code));
}
