import type { Authorization } from './authorization.ts';
import type { Claim } from './claim.ts';
import type { Dispensation } from './dispensation.ts';
import type { Prescription } from './prescription.ts';
import type { Request } from './request.ts';
import type { Settlement } from './settlement.ts';

/** What the model expects of a call: that it is done, or the code of its refusal. */
export type Verdict = 'done' | `071-${string}`;

/** A provider with its own clock, in seconds. */
export interface Site {
  readonly slug: string;
  now: number;
  /** How often its flaky sponsor was asked. */
  evaluations: number;
}

/** Everything that was made in one run. Ids and codes are the server's: the model takes them over. */
export interface World {
  readonly sites: readonly Site[];
  readonly requests: Request[];
  readonly authorizations: Authorization[];
  readonly dispensations: Dispensation[];
  readonly prescriptions: Prescription[];
  readonly claims: Claim[];
  readonly settlements: Settlement[];
}

export function newWorld(slugs: readonly string[]): World {
  return {
    sites: slugs.map((slug) => ({ slug, now: 0, evaluations: 0 })),
    requests: [],
    authorizations: [],
    dispensations: [],
    prescriptions: [],
    claims: [],
    settlements: [],
  };
}

export const minutes = 60;
export const days = 24 * 60 * minutes;
