/** One line of what an authorization or a prescription entitles to. */
export interface Line {
  product_code: string;
  readonly quantity: number;
  readonly authorized: number;
  /** By open dispensations and claims. */
  held: number;
  redeemed: number;
}

export interface Wanted {
  readonly product_code: string;
  readonly quantity: number;
  /** In minor units; of the provider where there is none. */
  readonly unit_price?: number;
  /** In minor units, of the whole line; only at a counter. */
  readonly taxes?: number;
}

/** What a dispensation or claim has taken of a line. */
export interface Taken {
  readonly line: Line;
  readonly quantity: number;
}

export function newLine(product_code: string, quantity: number, authorized: number): Line {
  return { product_code, quantity, authorized, held: 0, redeemed: 0 };
}

export const remaining = (line: Line) => line.authorized - line.redeemed;
export const available = (line: Line) => remaining(line) - line.held;

/**
 * How each wanted line fares, in their order: later ones of the same product get what earlier ones leave. A product
 * stands on a code once.
 */
export type Fate = 'free' | 'held' | 'redeemed' | 'never authorized' | 'not on the code';

export function fatesOf(lines: readonly Line[], wanted: readonly Wanted[]): Fate[] {
  const before = new Map<Line, number>();
  return wanted.map(({ product_code, quantity }) => {
    const line = lines.find((each) => each.product_code === product_code);
    if (line === undefined) return 'not on the code';
    const needed = quantity + (before.get(line) ?? 0);
    if (needed > line.authorized) return 'never authorized';
    if (needed > remaining(line)) return 'redeemed';
    before.set(line, needed);
    return needed > available(line) ? 'held' : 'free';
  });
}

export function hold(lines: readonly Line[], wanted: readonly Wanted[]): Taken[] {
  return wanted.flatMap(({ product_code, quantity }) => {
    const line = lines.find((each) => each.product_code === product_code);
    if (line === undefined) return [];
    line.held += quantity;
    return [{ line, quantity }];
  });
}

export function giveBack(taken: readonly Taken[]): void {
  for (const { line, quantity } of taken) line.held -= quantity;
}

/** From held to redeemed. */
export function use(taken: readonly Taken[]): void {
  giveBack(taken);
  for (const { line, quantity } of taken) line.redeemed += quantity;
}

/** Redeemed quantities are free again. */
export function undo(taken: readonly Taken[]): void {
  for (const { line, quantity } of taken) line.redeemed -= quantity;
}
