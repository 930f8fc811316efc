import { type IdentifierKind, identifierPrefixes } from '@osigu-sandbox/contract';
import { monotonicFactory } from 'ulid';
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
