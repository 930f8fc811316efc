import type { CodeType } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import type { SponsorProfile } from '../../fixtures/sponsor-profile.ts';
import { fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { sponsorOfRequest } from '../authorizations/requests.ts';
import { authorizationMachine } from '../authorizations/rules.ts';
import { type AuthorizationRow, lockAuthorization, selectLines } from '../authorizations/store.ts';
import { listOrNull } from '../authorizations/views.ts';
import type { EntitledLine } from './quantities/allocation.ts';
import { mayRedeem, statusAt } from './rules.ts';
import { selectAuthorizationByCode } from './store.ts';

/** What a code entitles to. Locked: until the end of the transaction nobody else takes from it. */
export interface Entitlement {
  readonly code: string;
  readonly code_type: CodeType;
  readonly authorization: AuthorizationRow;
  /** The tenant that owns the code: its clock judges the expiry, and it gets the events. */
  readonly owner: UnitOfWork;
  readonly sponsor: SponsorProfile;
  readonly lines: readonly EntitledLine[];
}

/** By its code: unknown, and not for this provider, look the same. */
export async function entitlementOf(uow: UnitOfWork, code: string): Promise<Entitlement> {
  const [found] = await selectAuthorizationByCode(uow.db, { authorization_code: code });
  if (found === undefined) throw fault('071-404-code');
  const { provider_id, authorization_id } = found;
  const holder = { provider_id, provider_slugs: listOrNull(found.provider_slugs) };
  if (!mayRedeem(holder, uow.provider)) throw fault('071-404-code');
  return lockEntitlement(await ownerOf(uow, provider_id), authorization_id);
}

/** What an open dispensation takes from. */
export async function lockEntitlement(owner: UnitOfWork, authorization_id: string): Promise<Entitlement> {
  const [authorization] = await lockAuthorization(owner.db, { authorization_id });
  // A reset of the owner may have been faster.
  if (authorization === undefined) throw fault('071-404-code');
  const lines = await selectLines(owner.db, [authorization_id]);
  return {
    code: authorization.authorization_code ?? '',
    code_type: 'AUTHORIZATION',
    authorization,
    owner,
    sponsor: sponsorOfRequest(authorization),
    lines: lines.get(authorization_id) ?? [],
  };
}

/** 409 unless something may be taken now. */
export function requireRedeemable({ authorization, owner }: Entitlement): void {
  const status = statusAt(authorization.status, authorization.expires_at, owner.now);
  step(authorizationMachine, status, 'redeem_part');
}

/** The same unit of work where a provider redeems its own code, so that it keeps its moment. */
export async function ownerOf(uow: UnitOfWork, owner_provider_id: string): Promise<UnitOfWork> {
  return owner_provider_id === uow.provider.provider_id ? uow : uow.as(owner_provider_id);
}
