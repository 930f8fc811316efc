import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { type AuthorizationRow, selectAuthorizationOfAny } from '../authorizations/store.ts';
import { listOrNull } from '../authorizations/views.ts';
import { type Entitlement, ownerOf } from '../dispensing/entitlement.ts';
import { authorizationCodes } from '../dispensing/kinds/authorization.ts';
import { mayRedeem } from '../dispensing/rules.ts';

/** The authorization that a claim names, locked; undefined when it is unknown or not for this provider. */
export async function findEntitlement(
  uow: UnitOfWork,
  authorization_id: string,
): Promise<Entitlement | undefined> {
  const [found] = await selectAuthorizationOfAny(uow.db, { authorization_id });
  if (found === undefined || !mayClaim(found, uow)) return undefined;
  return lockAuthorized(uow, await ownerOf(uow, found.provider_id), authorization_id);
}

function mayClaim({ provider_id, provider_slugs }: AuthorizationRow, { provider }: UnitOfWork): boolean {
  return mayRedeem({ provider_id, provider_slugs: listOrNull(provider_slugs) }, provider);
}

/** What an OPEN claim takes from. */
export function lockAuthorized(
  uow: UnitOfWork,
  owner: UnitOfWork,
  authorization_id: string,
): Promise<Entitlement> {
  return authorizationCodes.lock(owner, authorization_id, uow.provider);
}
