import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, rejectIssues } from '../../platform/errors.ts';
import { findProduct } from './catalogue.ts';
import { deleteRegistration, insertRegistration, selectRegistration } from './store.ts';

export interface Registration {
  readonly product_code: string;
  /** Milliseconds. */
  readonly registered_at: number;
  readonly isNew: boolean;
}

/** A second time answers the first registration (S). */
export async function registerProduct(uow: UnitOfWork, product_code: string): Promise<Registration> {
  if (findProduct(product_code) === undefined) {
    rejectIssues([{ path: 'product_code', message: 'is not in the catalogue' }]);
  }
  const key = { provider_id: uow.provider.provider_id, product_code };
  const isNew = (await insertRegistration(uow.db, { ...key, registered_at: uow.now })) === 1;
  const [row] = await selectRegistration(uow.db, key);
  if (row === undefined) throw fault('071-503');
  return { product_code, registered_at: row.registered_at, isNew };
}

/** Past transactions stay as they are. */
export async function removeProduct(uow: UnitOfWork, product_code: string): Promise<void> {
  const removed = await deleteRegistration(uow.db, { provider_id: uow.provider.provider_id, product_code });
  if (removed === 0) throw fault('071-404-product');
}
