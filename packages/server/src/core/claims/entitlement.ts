import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { type AuthorizationRow, selectAuthorizationOfAny } from '../authorizations/store.ts';
import { listOrNull } from '../authorizations/views.ts';
import { type Entitlement, ownerOf } from '../dispensing/entitlement.ts';
import { authorizationCodes } from '../dispensing/kinds/authorization.ts';

/** The authorization that a claim names, locked; undefined when it is unknown or not for this provider. */
export async function findEntitlement(
  uow: UnitOfWork,
  authorization_id: string,
): Promise<Entitlement | undefined> {
  const [found] = await selectAuthorizationOfAny(uow.db, { authorization_id });
  if (found === undefined || !mayClaim(found, uow)) return undefined;
  return lockAuthorized(uow, await ownerOf(uow, found.provider_id), authorization_id);
}

/**
 * The owner, and whom it named. An id is not a code that a person carries to a counter: where nobody is named, an
 * authorization of somebody else is as unknown as any.
 */
function mayClaim({ provider_id, provider_slugs }: AuthorizationRow, { provider }: UnitOfWork): boolean {
  const named = listOrNull(provider_slugs) ?? [];
  return provider_id === provider.provider_id || named.includes(provider.provider_slug);
}

/** What an OPEN claim takes from. */
export function lockAuthorized(
  uow: UnitOfWork,
  owner: UnitOfWork,
  authorization_id: string,
): Promise<Entitlement> {
  return authorizationCodes.lock(owner, authorization_id, uow.provider);
}
