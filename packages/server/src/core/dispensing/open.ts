import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { ownerOf } from './entitlement.ts';
import { type DispensationRow, lockDispensation, selectDispensation } from './store.ts';

/** Due work: cancels a dispensation that was left open; its subject is the dispensation. */
export const timeoutKind = 'dispensation.timeout';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

/** Only the provider that dispenses sees it. */
export async function requireDispensation(
  context: Context,
  dispensation_id: string,
): Promise<DispensationRow> {
  const { provider_id } = context.provider;
  const [row] = await selectDispensation(context.db, { provider_id, dispensation_id });
  if (row === undefined) throw fault('071-404-dispensation');
  return row;
}

export interface Locked {
  readonly dispensation: DispensationRow;
  readonly owner: UnitOfWork;
}

/**
 * The dispensation, for this transaction alone. Everybody takes locks in one order, so that no two wait for each
 * other: tenants, the timeout's row, the dispensation, what it takes from.
 */
export async function lockOwn(uow: UnitOfWork, dispensation_id: string): Promise<Locked> {
  const { owner_provider_id } = await requireDispensation(uow, dispensation_id);
  return lock(uow, await ownerOf(uow, owner_provider_id), dispensation_id);
}

/** As `lockOwn`, for those that end it; the timeout then has nothing left to do. */
export async function lockToClose(uow: UnitOfWork, dispensation_id: string): Promise<Locked> {
  const { owner_provider_id } = await requireDispensation(uow, dispensation_id);
  const owner = await ownerOf(uow, owner_provider_id);
  await uow.unschedule(timeoutKind, dispensation_id);
  return lock(uow, owner, dispensation_id);
}

async function lock(uow: UnitOfWork, owner: UnitOfWork, dispensation_id: string): Promise<Locked> {
  const { provider_id } = uow.provider;
  const [dispensation] = await lockDispensation(uow.db, { provider_id, dispensation_id });
  if (dispensation === undefined) throw fault('071-404-dispensation');
  return { dispensation, owner };
}
