import { change } from '../../store/statement.ts';

type Quantity = { prescription_id: string; line: number; quantity: number };

/** 0 when that much is not free. */
export const holdMedication = change<Quantity>((db, { prescription_id, line, quantity }) =>
  db
    .updateTable('prescription_lines')
    .set((eb) => ({ held_quantity: eb('held_quantity', '+', quantity) }))
    .where('prescription_id', '=', prescription_id)
    .where('line', '=', line)
    .where((eb) =>
      eb(eb(eb('held_quantity', '+', eb.ref('dispensed_quantity')), '+', quantity), '<=', eb.ref('quantity')),
    ),
);

export const returnMedication = change<Quantity>((db, { prescription_id, line, quantity }) =>
  db
    .updateTable('prescription_lines')
    .set((eb) => ({ held_quantity: eb('held_quantity', '-', quantity) }))
    .where('prescription_id', '=', prescription_id)
    .where('line', '=', line),
);

export const dispenseMedication = change<Quantity>((db, { prescription_id, line, quantity }) =>
  db
    .updateTable('prescription_lines')
    .set((eb) => ({
      held_quantity: eb('held_quantity', '-', quantity),
      dispensed_quantity: eb('dispensed_quantity', '+', quantity),
    }))
    .where('prescription_id', '=', prescription_id)
    .where('line', '=', line),
);
