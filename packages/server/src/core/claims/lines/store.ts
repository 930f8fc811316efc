import type { Selectable } from 'kysely';
import type { ClaimLineTable } from '../../../store/database.ts';
import { change, type Executor, statement } from '../../../store/statement.ts';

export type ClaimLineRow = Selectable<ClaimLineTable>;
/** A line before its claim exists. */
export type ClaimLine = Omit<ClaimLineRow, 'claim_id' | 'line'>;

export const selectLinesOfClaim = statement<{ claim_id: string }, ClaimLineRow>((db, { claim_id }) =>
  db.selectFrom('claim_lines').selectAll().where('claim_id', '=', claim_id).orderBy('line'),
);

/** The lines of many in one query. */
export async function selectLinesOfClaims(
  db: Executor,
  claim_ids: readonly string[],
): Promise<ClaimLineRow[]> {
  if (claim_ids.length === 0) return [];
  return db
    .selectFrom('claim_lines')
    .selectAll()
    .where('claim_id', 'in', [...claim_ids])
    .orderBy('line')
    .execute();
}

const insertLine = change<ClaimLineRow & Record<string, unknown>>((db, row) =>
  db.insertInto('claim_lines').values({
    claim_id: row.claim_id,
    line: row.line,
    source_line: row.source_line,
    product_code: row.product_code,
    quantity: row.quantity,
    unit_price: row.unit_price,
    taxes: row.taxes,
    substitute_product_code: row.substitute_product_code,
    substitute_quantity: row.substitute_quantity,
  }),
);

export async function insertLinesOfClaim(
  db: Executor,
  claim_id: string,
  lines: readonly ClaimLine[],
): Promise<void> {
  for (const [line, each] of lines.entries()) await insertLine(db, { ...each, claim_id, line });
}

export const deleteLinesOfClaim = change<{ claim_id: string }>((db, { claim_id }) =>
  db.deleteFrom('claim_lines').where('claim_id', '=', claim_id),
);
