import { randomDigits } from '../../platform/random.ts';
import { utcYear } from '../../platform/time.ts';

/**
 * So often a code is drawn with six digits (D); then, the year being crowded, a digit is added. Each try costs a
 * statement, and of a million codes nearly all with six digits are taken.
 */
const sixDigitTries = 3;
export const maxTries = 16;

/** D: `AUTH-<year>-<6 digits>`, random, so that one tells nothing about another. `attempt` counts from 0. */
export function drawAuthorizationCode(now: number, attempt: number): string {
  return drawCode('AUTH', now, attempt);
}

/** `RX`: D is 4 digits or more. */
export function drawCode(prefix: 'AUTH' | 'RX', now: number, attempt: number): string {
  return `${prefix}-${utcYear(now)}-${randomDigits(attempt < sixDigitTries ? 6 : 7)}`;
}

/** The sponsor's own number for its decision. */
export function drawSponsorReference(now: number): string {
  return `SPX-${utcYear(now)}-${randomDigits(7)}`;
}
