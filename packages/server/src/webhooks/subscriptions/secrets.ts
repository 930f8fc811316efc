import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { rejectIssues } from '../../platform/errors.ts';
import { randomToken } from '../../platform/random.ts';
import { realNow } from '../../platform/time.ts';
import { requireHeld } from './lookup.ts';
import { type SubscriptionWithSecret, subscriptionResource } from './resource.ts';
import { defaultGraceHours, expiryAfterRotation, graceIssues } from './rules.ts';
import { deleteDeadSecrets, expireSecret, insertSecret, selectSecrets } from './store.ts';

export function newSecret(): string {
  return `whsec_${randomToken(32)}`;
}

/** The new secret signs at once; the earlier ones go on signing beside it for the grace, in real time. */
export async function rotateSecret(
  uow: UnitOfWork,
  subscription_id: string,
  input: { readonly grace_hours?: number } = {},
): Promise<SubscriptionWithSecret> {
  const subscription = await requireHeld(uow, subscription_id);
  const grace_hours = input.grace_hours ?? defaultGraceHours;
  rejectIssues(graceIssues(grace_hours));
  const now = realNow();
  const earlier = await selectSecrets(uow.db, subscription_id);
  const expiries = expiryAfterRotation(earlier, grace_hours, now);
  for (const [index, expires_at_real] of expiries.entries()) {
    const secret = earlier[index];
    if (secret !== undefined) await expireSecret(uow.db, secret, expires_at_real);
  }
  await deleteDeadSecrets(uow.db, subscription_id, now);
  const secret = newSecret();
  // Two rotations within a millisecond keep their order.
  const created_at_real = Math.max(now, (earlier[0]?.created_at_real ?? 0) + 1);
  await insertSecret(uow.db, { subscription_id, secret, created_at_real, expires_at_real: null });
  return { ...subscriptionResource(subscription), secret };
}
