import { change } from '../../../store/statement.ts';

type Quantity = { authorization_id: string; line: number; quantity: number };

/** 0 when that much is not free. */
export const holdQuantity = change<Quantity>((db, { authorization_id, line, quantity }) =>
  db
    .updateTable('authorization_lines')
    .set((eb) => ({ held_quantity: eb('held_quantity', '+', quantity) }))
    .where('authorization_id', '=', authorization_id)
    .where('line', '=', line)
    .where((eb) =>
      eb(
        eb(eb('held_quantity', '+', eb.ref('redeemed_quantity')), '+', quantity),
        '<=',
        eb.ref('authorized_quantity'),
      ),
    ),
);

export const giveBackQuantity = change<Quantity>((db, { authorization_id, line, quantity }) =>
  db
    .updateTable('authorization_lines')
    .set((eb) => ({ held_quantity: eb('held_quantity', '-', quantity) }))
    .where('authorization_id', '=', authorization_id)
    .where('line', '=', line),
);

export const redeemQuantity = change<Quantity>((db, { authorization_id, line, quantity }) =>
  db
    .updateTable('authorization_lines')
    .set((eb) => ({
      held_quantity: eb('held_quantity', '-', quantity),
      redeemed_quantity: eb('redeemed_quantity', '+', quantity),
    }))
    .where('authorization_id', '=', authorization_id)
    .where('line', '=', line),
);

/** 0 when less is redeemed: by a restore of its owner the redemption has not happened. */
export const releaseQuantity = change<Quantity>((db, { authorization_id, line, quantity }) =>
  db
    .updateTable('authorization_lines')
    .set((eb) => ({ redeemed_quantity: eb('redeemed_quantity', '-', quantity) }))
    .where('authorization_id', '=', authorization_id)
    .where('line', '=', line)
    .where('redeemed_quantity', '>=', quantity),
);
