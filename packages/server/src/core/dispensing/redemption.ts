import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { type CodeKind, type Entitlement, ownerOf, type Source } from './entitlement.ts';
import { authorizationCodes } from './kinds/authorization.ts';
import { prescriptionCodes } from './kinds/prescription.ts';

const kinds: readonly CodeKind[] = [authorizationCodes, prescriptionCodes];

/** By its code: unknown, and not for this provider, look the same. */
export async function entitlementOf(uow: UnitOfWork, code: string): Promise<Entitlement> {
  for (const kind of kinds) {
    const found = await kind.find(uow, code);
    if (found === undefined) continue;
    return kind.lock(await ownerOf(uow, found.provider_id), found.document_id, uow.provider);
  }
  throw fault('071-404-code');
}

/** What an open dispensation of `uow.provider` takes from. */
export async function lockEntitlement(
  uow: UnitOfWork,
  owner: UnitOfWork,
  source: Source,
): Promise<Entitlement> {
  for (const kind of kinds) {
    const document_id = kind.documentOf(source);
    if (document_id !== null) return kind.lock(owner, document_id, uow.provider);
  }
  throw new Error('A dispensation of nothing');
}
