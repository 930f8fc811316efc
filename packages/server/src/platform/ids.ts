import { type IdentifierKind, identifierPrefixes } from '@osigu-sandbox/contract';
import { decodeTime, encodeTime, monotonicFactory } from 'ulid';
import { randomFraction } from './random.ts';
import { realNow } from './time.ts';

// Monotonic: within a process, a later id sorts after an earlier one, also within a millisecond.
const ulid = monotonicFactory(randomFraction);

/** `prefix_` + ULID of the present moment (contract section 2). */
export function newId(kind: IdentifierKind): string {
  return `${identifierPrefixes[kind]}_${ulid(realNow())}`;
}

/** A bare ULID, for rows that the wire never shows. */
export function newRowId(): string {
  return ulid(realNow());
}

/** The real moment at which an id was made. */
export function timeOfId(id: string): number {
  return decodeTime(id.slice(id.lastIndexOf('_') + 1));
}

/** Ids that sort before it were made before this real moment, the others at it or later. */
export function firstIdAt(kind: IdentifierKind, real: number): string {
  return `${identifierPrefixes[kind]}_${encodeTime(Math.max(real, 0))}`;
}
