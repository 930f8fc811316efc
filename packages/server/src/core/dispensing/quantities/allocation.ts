import type { Issue } from '../../../platform/errors.ts';

/** One line of what a code entitles to. */
export interface EntitledLine {
  readonly line: number;
  readonly product_code: string;
  readonly authorized_quantity: number;
  /** Taken by open dispensations and claims. */
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
  /** `redeemed`: it would be there, had it not been redeemed before. */
  | { readonly issue: Issue; readonly redeemed: boolean }
  /** It would be there, did another open dispensation or claim not hold it. */
  | { readonly held: true };

/** How the call names things: its list of wanted lines, and what they are taken from. */
interface Names {
  readonly list: string;
  readonly source: string;
}

function authorizedOf(line: EntitledLine): number {
  return line.authorized_quantity;
}

export function remainingOf(line: EntitledLine): number {
  return line.authorized_quantity - line.redeemed_quantity;
}

export function availableOf(line: EntitledLine): number {
  return remainingOf(line) - line.held_quantity;
}

/** What is taken is everything that was left. */
export function takesAll(entitled: readonly EntitledLine[], taken: readonly { quantity: number }[]): boolean {
  const remaining = entitled.reduce((sum, line) => sum + remainingOf(line), 0);
  return taken.reduce((sum, line) => sum + line.quantity, 0) === remaining;
}

/**
 * The same product may be wanted twice, a part of it substituted for example: the second one gets what the first
 * has left. A wanted line is never split over two lines of the code.
 */
export function allocate(
  entitled: readonly EntitledLine[],
  wanted: readonly WantedLine[],
  { list, source: from }: Names = { list: 'products', source: 'code' },
): Allocation[] {
  const taken = new Map<number, number>();
  const left = (line: EntitledLine, of: (line: EntitledLine) => number) =>
    of(line) - (taken.get(line.line) ?? 0);
  return wanted.map(({ product_code, quantity }, index) => {
    const sources = entitled.filter((line) => line.product_code === product_code);
    if (sources.length === 0) {
      const issue = { path: `${list}[${index}].product_code`, message: `is not on this ${from}` };
      return { issue, redeemed: false };
    }
    const free = sources.find((line) => left(line, availableOf) >= quantity);
    const source = free ?? sources.find((line) => left(line, remainingOf) >= quantity);
    if (source === undefined) {
      const most = Math.max(...sources.map((line) => left(line, remainingOf)), 0);
      const issue = { path: `${list}[${index}].quantity`, message: `is more than the ${most} that remain` };
      return { issue, redeemed: sources.some((line) => left(line, authorizedOf) >= quantity) };
    }
    taken.set(source.line, (taken.get(source.line) ?? 0) + quantity);
    return free === undefined ? { held: true } : { source_line: source.line };
  });
}
