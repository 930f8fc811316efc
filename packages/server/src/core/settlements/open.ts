import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { holdSponsor, isAffiliated } from '../sponsors/sponsors.ts';
import { insertSettlement, lockSettlement, type SettlementRow, selectSettlement } from './store.ts';
import { type SettlementView, settlementView } from './views.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

export interface NewSettlement {
  readonly sponsor_slug: string;
  readonly period: string;
}

/** Only for sponsors that settle in batches (D). Several may be open for the same sponsor and period (S). */
export async function openSettlement(
  uow: UnitOfWork,
  { sponsor_slug, period }: NewSettlement,
): Promise<SettlementView> {
  const sponsor = await holdSponsor(uow.db, sponsor_slug);
  if (sponsor === undefined) {
    throw fault('071-422-validation', { errors: [{ path: 'sponsor_slug', message: 'is unknown' }] });
  }
  const { provider_id } = uow.provider;
  if (!(await isAffiliated(uow.db, provider_id, sponsor))) throw fault('071-403-sponsor-not-affiliated');
  if (sponsor.settlement.mode !== 'BATCH') {
    const errors = [{ path: 'sponsor_slug', message: 'settles by transaction, not in batches' }];
    throw fault('071-422-settlement-not-batch', { errors });
  }
  const row: SettlementRow = {
    settlement_id: newId('settlement'),
    provider_id,
    sponsor_slug,
    period,
    status: 'OPEN',
    currency_code: sponsor.currency_code,
    created_at: uow.now,
    submitted_at: null,
    resolved_at: null,
  };
  await insertSettlement(uow.db, { ...row });
  return settlementView(row, [], []);
}

export async function requireSettlement(context: Context, settlement_id: string): Promise<SettlementRow> {
  const { provider_id } = context.provider;
  const [row] = await selectSettlement(context.db, { provider_id, settlement_id });
  if (row === undefined) throw fault('071-404-settlement');
  return row;
}

/** Nobody attaches, detaches, dispatches or decides until the end of the transaction. Claims are locked before. */
export async function lockOwn(uow: UnitOfWork, settlement_id: string): Promise<SettlementRow> {
  const { provider_id } = uow.provider;
  const [row] = await lockSettlement(uow.db, { provider_id, settlement_id });
  if (row === undefined) throw fault('071-404-settlement');
  return row;
}
