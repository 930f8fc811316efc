import type { Issue } from '../../platform/errors.ts';
import { hour, parseTimestamp } from '../../platform/time.ts';
import { idlePatterns } from '../patterns.ts';
import { type TargetPolicy, urlReasons } from '../target-rules.ts';

/** S: contract section 13. */
export const maxSubscriptions = 10;
export const defaultGraceHours = 24;
const maxGraceHours = 168;
/** Of one call, so that it ends soon: whoever wants more asks for one period after the other. */
export const maxReplayed = 10_000;
/** A signature header that grew with every rotation would be refused by receivers before long. */
const maxLiveSecrets = 3;

/** What creating and patching have in common. */
export interface SubscriptionInput {
  readonly url?: string;
  readonly event_types?: readonly string[];
}

export function subscriptionIssues(input: SubscriptionInput, policy: TargetPolicy): Issue[] {
  const urlIssues =
    input.url === undefined ? [] : urlReasons(input.url, policy).map((message) => ({ path: 'url', message }));
  const patternIssues = idlePatterns(input.event_types ?? []).map((index) => ({
    path: `event_types[${index}]`,
    message: 'matches no event type; give an exact type, family.* or *',
  }));
  return [...urlIssues, ...patternIssues];
}

export function periodIssues({ from, to }: { readonly from: string; readonly to: string }): Issue[] {
  const ordered = parseTimestamp(from) <= parseTimestamp(to);
  return ordered ? [] : [{ path: 'to', message: 'must not be before from' }];
}

export function graceIssues(grace_hours: number): Issue[] {
  const valid = Number.isInteger(grace_hours) && grace_hours >= 0 && grace_hours <= maxGraceHours;
  return valid ? [] : [{ path: 'grace_hours', message: `must be a whole number from 0 to ${maxGraceHours}` }];
}

export interface Expiring {
  readonly expires_at_real: number | null;
}

/**
 * When the secrets before the new one die, newest first: after the grace, never later than they would have, and at
 * once where there would be too many.
 */
export function expiryAfterRotation(
  earlier: readonly Expiring[],
  grace_hours: number,
  real_now: number,
): number[] {
  return earlier.map(({ expires_at_real }, index) =>
    index + 1 >= maxLiveSecrets
      ? real_now
      : Math.min(expires_at_real ?? Number.POSITIVE_INFINITY, real_now + grace_hours * hour),
  );
}
