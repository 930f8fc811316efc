import type { Issue } from '../../../platform/errors.ts';

/** One line of what a code entitles to. */
export interface EntitledLine {
  readonly line: number;
  readonly product_code: string;
  readonly authorized_quantity: number;
  /** Taken by open dispensations. */
  readonly held_quantity: number;
  readonly redeemed_quantity: number;
}

export interface WantedLine {
  readonly product_code: string;
  readonly quantity: number;
}

/** The line of the code that a wanted line is taken from, or why it cannot be. */
export type Allocation =
  | { readonly source_line: number }
  | { readonly issue: Issue }
  /** It would be there, did another open dispensation not hold it. */
  | { readonly held: true };

export function remainingOf(line: EntitledLine): number {
  return line.authorized_quantity - line.redeemed_quantity;
}

export function availableOf(line: EntitledLine): number {
  return remainingOf(line) - line.held_quantity;
}

/**
 * The same product may be wanted twice, a part of it substituted for example: the second one gets what the first
 * has left. A wanted line is never split over two lines of the code.
 */
export function allocate(entitled: readonly EntitledLine[], wanted: readonly WantedLine[]): Allocation[] {
  const taken = new Map<number, number>();
  const left = (line: EntitledLine, of: (line: EntitledLine) => number) =>
    of(line) - (taken.get(line.line) ?? 0);
  return wanted.map(({ product_code, quantity }, index) => {
    const sources = entitled.filter((line) => line.product_code === product_code);
    if (sources.length === 0) {
      return { issue: { path: `products[${index}].product_code`, message: 'is not on this code' } };
    }
    const free = sources.find((line) => left(line, availableOf) >= quantity);
    const source = free ?? sources.find((line) => left(line, remainingOf) >= quantity);
    if (source === undefined) {
      const most = Math.max(...sources.map((line) => left(line, remainingOf)), 0);
      return {
        issue: { path: `products[${index}].quantity`, message: `is more than the ${most} that remain` },
      };
    }
    taken.set(source.line, (taken.get(source.line) ?? 0) + quantity);
    return free === undefined ? { held: true } : { source_line: source.line };
  });
}
