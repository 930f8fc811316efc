import type { PlannedLine } from '../../dispensing/lines/store.ts';
import type { ClaimLine } from './store.ts';

/** `source_line`: the line of the authorization that it takes from, if there is one. */
export function claimLine(line: PlannedLine, source_line: number | null): ClaimLine {
  return {
    source_line,
    product_code: line.product_code,
    quantity: line.quantity,
    unit_price: line.unit_price,
    taxes: line.taxes,
    substitute_product_code: line.substitute_product_code,
    substitute_quantity: line.substitute_quantity,
  };
}

interface Taken {
  readonly source_line: number;
  readonly quantity: number;
}

/** What the lines take from the authorization. */
export function takenBy(lines: readonly ClaimLine[]): Taken[] {
  return lines.flatMap(({ source_line, quantity }) =>
    source_line === null ? [] : [{ source_line, quantity }],
  );
}
