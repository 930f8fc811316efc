import type { SubstitutionReason } from '@osigu-sandbox/contract';
import type { Issue } from '../../../platform/errors.ts';
import { fromWire, type MinorUnits } from '../../../platform/money.ts';
import { findProduct, priceIn } from '../../catalogues/catalogue.ts';
import { lineAmount, maxLineAmount, type PricedLine } from '../../claims/amounts.ts';
import type { PlannedLine } from './store.ts';

/** A line as the pharmacy asks for it: `quantity` of the original product, money on the wire. */
export interface ProductInput {
  readonly product_code: string;
  readonly quantity: number;
  readonly unit_price?: number;
  readonly taxes?: number;
  readonly substitute_product_code?: string;
  readonly substitute_quantity?: number;
  readonly substitution_reason_enum?: SubstitutionReason;
  readonly substitution_reason?: string;
  readonly substitution_other_description?: string;
}

export function plannedLine(product: ProductInput, source_line: number, currency_code: string): PlannedLine {
  const handedOver = product.substitute_product_code ?? product.product_code;
  return {
    source_line,
    product_code: product.product_code,
    quantity: product.quantity,
    unit_price:
      product.unit_price === undefined ? priceOf(handedOver, currency_code) : fromWire(product.unit_price),
    taxes: fromWire(product.taxes ?? 0),
    substitute_product_code: product.substitute_product_code ?? null,
    substitute_quantity: product.substitute_quantity ?? null,
    substitution_reason_enum: product.substitution_reason_enum ?? null,
    substitution_reason: product.substitution_reason ?? null,
    substitution_other_description: product.substitution_other_description ?? null,
  };
}

/** An unknown product costs nothing; it is refused anyway. */
function priceOf(product_code: string, currency_code: string): MinorUnits {
  const product = findProduct(product_code);
  return product === undefined ? 0 : priceIn(product, currency_code);
}

type LineOfMoney = Pick<
  PlannedLine,
  'quantity' | 'unit_price' | 'taxes' | 'substitute_product_code' | 'substitute_quantity'
>;

/** How the money of a line comes about: of a substituted line the substitute counts. */
export function pricedLine(line: LineOfMoney): PricedLine {
  const substituted = line.substitute_product_code !== null;
  const units = substituted ? (line.substitute_quantity ?? line.quantity) : line.quantity;
  return { unit_price: line.unit_price, units, taxes: line.taxes };
}

export function issuesOf(product: ProductInput, line: PlannedLine, path: string): Issue[] {
  const issues: Issue[] = [];
  if (lineAmount(pricedLine(line)) > maxLineAmount) {
    issues.push({ path: `${path}.unit_price`, message: 'makes a line of more than 1000000000000' });
  }
  if (product.substitute_product_code === undefined) {
    if (product.substitute_quantity !== undefined) {
      issues.push({
        path: `${path}.substitute_product_code`,
        message: 'is required with substitute_quantity',
      });
    }
    return issues;
  }
  if (findProduct(product.substitute_product_code) === undefined) {
    issues.push({ path: `${path}.substitute_product_code`, message: 'is not in the catalogue' });
  }
  if (product.substitution_reason_enum === undefined) {
    issues.push({ path: `${path}.substitution_reason_enum`, message: 'is required with a substitute' });
  }
  const text = product.substitution_other_description ?? product.substitution_reason ?? '';
  if (product.substitution_reason_enum === 'OTHER' && text.trim() === '') {
    issues.push({ path: `${path}.substitution_other_description`, message: 'is required with OTHER' });
  }
  return issues;
}
