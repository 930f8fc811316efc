import type { Selectable } from 'kysely';
import type { DispensationLineTable } from '../../../store/database.ts';
import { change, type Executor, statement } from '../../../store/statement.ts';

export type DispensationLineRow = Selectable<DispensationLineTable>;
/** A line before its dispensation exists. */
export type PlannedLine = Omit<DispensationLineRow, 'dispensation_id' | 'line'>;

export const selectLinesOfDispensation = statement<{ dispensation_id: string }, DispensationLineRow>(
  (db, { dispensation_id }) =>
    db
      .selectFrom('dispensation_lines')
      .selectAll()
      .where('dispensation_id', '=', dispensation_id)
      .orderBy('line'),
);

/** The lines of many in one query, by dispensation. */
export async function selectLinesOfDispensations(
  db: Executor,
  dispensation_ids: readonly string[],
): Promise<Map<string, DispensationLineRow[]>> {
  const lines = new Map<string, DispensationLineRow[]>(dispensation_ids.map((id) => [id, []]));
  if (dispensation_ids.length === 0) return lines;
  const rows = await db
    .selectFrom('dispensation_lines')
    .selectAll()
    .where('dispensation_id', 'in', [...dispensation_ids])
    .orderBy('line')
    .execute();
  for (const row of rows) lines.get(row.dispensation_id)?.push(row);
  return lines;
}

const insertLine = change<DispensationLineRow & Record<string, unknown>>((db, row) =>
  db.insertInto('dispensation_lines').values({
    dispensation_id: row.dispensation_id,
    line: row.line,
    source_line: row.source_line,
    product_code: row.product_code,
    quantity: row.quantity,
    unit_price: row.unit_price,
    taxes: row.taxes,
    substitute_product_code: row.substitute_product_code,
    substitute_quantity: row.substitute_quantity,
    substitution_reason_enum: row.substitution_reason_enum,
    substitution_reason: row.substitution_reason,
    substitution_other_description: row.substitution_other_description,
  }),
);

export async function insertLinesOfDispensation(
  db: Executor,
  dispensation_id: string,
  planned: readonly PlannedLine[],
): Promise<DispensationLineRow[]> {
  const rows = planned.map((line, index) => ({ ...line, dispensation_id, line: index }));
  const [only] = rows;
  if (only !== undefined && rows.length === 1) await insertLine(db, only);
  else await db.insertInto('dispensation_lines').values(rows).execute();
  return rows;
}

export const deleteLinesOfDispensation = change<{ dispensation_id: string }>((db, { dispensation_id }) =>
  db.deleteFrom('dispensation_lines').where('dispensation_id', '=', dispensation_id),
);
