import { createHash, timingSafeEqual } from 'node:crypto';

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Compares two texts in a time that tells nothing about where they differ. */
export function equalInConstantTime(left: string, right: string): boolean {
  // Hashing first makes the lengths equal, which the comparison demands.
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
