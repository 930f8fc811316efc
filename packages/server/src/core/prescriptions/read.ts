import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import type { Executor } from '../../store/statement.ts';
import { partsOf, partsOfOne } from './parts.ts';
import {
  listPrescriptionRows,
  type PrescriptionFilter,
  type PrescriptionRow,
  selectPrescription,
  selectPrescriptionByLink,
} from './store.ts';
import { type PrescriptionView, prescriptionView } from './view.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

/** Only the issuer sees it; who redeems its code sees the dispensation. */
export async function requirePrescription(
  { db, provider }: Context,
  prescription_id: string,
): Promise<PrescriptionRow> {
  const [row] = await selectPrescription(db, { provider_id: provider.provider_id, prescription_id });
  if (row === undefined) throw fault('071-404-prescription');
  return row;
}

/** Whose it is does not matter. */
export async function requirePrescriptionByLink(db: Executor, link_token: string): Promise<PrescriptionRow> {
  const [row] = await selectPrescriptionByLink(db, { link_token });
  if (row === undefined) throw fault('071-404-prescription');
  return row;
}

export async function readPrescription(
  context: Context,
  prescription_id: string,
  baseUrl: string,
): Promise<PrescriptionView> {
  const row = await requirePrescription(context, prescription_id);
  return prescriptionView(await partsOfOne(context.db, row), baseUrl);
}

export async function listPrescriptions(
  { db, provider }: Context,
  filter: PrescriptionFilter,
  window: { readonly limit: number; readonly offset: number },
  baseUrl: string,
): Promise<{ total: number; content: PrescriptionView[] }> {
  const { total, rows } = await listPrescriptionRows(db, provider.provider_id, filter, window);
  return { total, content: (await partsOf(db, rows)).map((parts) => prescriptionView(parts, baseUrl)) };
}
