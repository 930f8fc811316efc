import { randomDigits } from '../../platform/random.ts';

/** What the sponsor calls a completed claim. */
export function drawSponsorTransaction(): string {
  return `STX-${randomDigits(12)}`;
}
