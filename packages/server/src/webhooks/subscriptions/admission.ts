import { fault, rejectIssues } from '../../platform/errors.ts';
import { isTargetAllowed, type Resolve } from '../address-guard.ts';
import type { TargetPolicy } from '../target-rules.ts';
import { type SubscriptionInput, subscriptionIssues } from './rules.ts';

declare const admitted: unique symbol;

/** An input whose URL and patterns were looked at. */
export type Admitted<T> = T & { readonly [admitted]: true };

/**
 * Everything about a subscription that needs no database, to be called before the transaction: resolving a name may
 * take seconds, and a transaction that waits for it would hold up everybody. Throws 422.
 */
export async function admitSubscription<T extends SubscriptionInput>(
  input: T,
  policy: TargetPolicy,
  resolve?: Resolve,
): Promise<Admitted<T>> {
  rejectIssues(subscriptionIssues(input, policy));
  if (input.url !== undefined && !(await isTargetAllowed(new URL(input.url), policy, resolve))) {
    throw fault('071-422-address-not-allowed', {
      errors: [{ path: 'url', message: 'points to an address that deliveries may not go to' }],
    });
  }
  return input as Admitted<T>;
}
