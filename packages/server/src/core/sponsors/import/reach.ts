import type { Issue } from '../../../platform/errors.ts';

/** A set of whatever can be numbered, as bits. */
export type Bits = bigint;

/** Of whole numbers, both bounds among them. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What a rule fits with one product: a span of quantities or amounts, and what else depends on the product. */
export interface Cell {
  readonly span: Span;
  readonly sets: readonly Bits[];
}

/** All that a rule fits: whatever is in every set of `wide` and, for its product, in the cell. */
export interface Reach {
  readonly wide: readonly Bits[];
  /** By product, null where nothing is. */
  readonly cells: readonly (Cell | null)[];
  /** It makes the sponsor fail, and another rule decides: no rule that decides comes too late after it. */
  readonly isPassing: boolean;
}

export function bitsOf<T>(all: readonly T[], isIn: (each: T) => boolean): Bits {
  return all.reduce((bits, each, index) => (isIn(each) ? bits | (1n << BigInt(index)) : bits), 0n);
}

/** Null where it would hold nothing. */
export function cellOf(span: Span, sets: readonly Bits[]): Cell | null {
  return span.from > span.to || sets.includes(0n) ? null : { span, sets };
}

/**
 * Rules that never decide anything: what they fit is empty, or for each of its products all of it is fitted by one rule
 * before. A rule of which that cannot be told is null.
 */
export function deadRules(reaches: readonly (Reach | null)[], path: string, nothing: string): Issue[] {
  return reaches.flatMap((reach, index) => {
    const place = `${path}[${index}]`;
    if (reach === null) return [];
    if (isEmpty(reach)) return [{ path: `${place}.when`, message: nothing }];
    const message = coveredBy(reach, reaches.slice(0, index), path);
    return message === undefined ? [] : [{ path: place, message }];
  });
}

function isEmpty({ wide, cells }: Reach): boolean {
  return wide.includes(0n) || cells.every((cell) => cell === null);
}

function coveredBy(reach: Reach, former: readonly (Reach | null)[], path: string): string | undefined {
  const able = former.map((each) =>
    each !== null && (reach.isPassing || !each.isPassing) && areWithin(reach.wide, each.wide) ? each : null,
  );
  const covers = (each: Reach | null, product: number) =>
    isCellWithin(reach.cells[product] ?? null, each?.cells[product] ?? null);
  const products = reach.cells.map((_, product) => product);
  const single = able.findIndex((each) => products.every((product) => covers(each, product)));
  if (single >= 0) return `comes after ${path}[${single}], which fits all that it fits`;
  const together = products.every((product) => able.some((each) => covers(each, product)));
  return together ? 'comes after rules that fit all that it fits' : undefined;
}

function isCellWithin(inner: Cell | null, outer: Cell | null): boolean {
  if (inner === null) return true;
  if (outer === null) return false;
  return (
    inner.span.from >= outer.span.from && inner.span.to <= outer.span.to && areWithin(inner.sets, outer.sets)
  );
}

function areWithin(inner: readonly Bits[], outer: readonly Bits[]): boolean {
  return inner.every((bits, index) => (bits & ~(outer[index] ?? 0n)) === 0n);
}
