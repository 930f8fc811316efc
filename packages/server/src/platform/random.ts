import { randomBytes, randomFillSync, randomInt } from 'node:crypto';

/** The only module that draws random numbers. */

// One system call fills the pool for a few hundred identifiers.
const pool = Buffer.allocUnsafe(8_192);
let position = pool.length;

/** A cryptographically random number in [0, 1), from one byte: 256 steps, enough for a 32-letter alphabet. */
export function randomFraction(): number {
  if (position === pool.length) {
    randomFillSync(pool);
    position = 0;
  }
  const byte = pool[position++] ?? 0;
  return byte / 256;
}

export function randomDigits(length: number): string {
  return String(randomInt(0, 10 ** length)).padStart(length, '0');
}

/** URL-safe text of `bytes` random bytes. */
export function randomToken(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

/** A number between 1 - `spread` and 1 + `spread`. */
export function jitter(spread: number): number {
  return 1 - spread + (randomInt(0, 10_001) / 10_000) * 2 * spread;
}
