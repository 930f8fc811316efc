import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { slugsOf, sponsorOf } from '../sponsors/sponsors.ts';
import { listPending } from './candidates/store.ts';
import { selectDocuments } from './documents/store.ts';
import { selectMembers, selectSubtotals } from './members/store.ts';
import { requireSettlement } from './open.ts';
import { listSettlementRows, type SettlementFilter, type SettlementRow } from './store.ts';
import { pendingView, type SettlementView, type SummaryView, settlementView, summaryView } from './views.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;
type Window = { readonly limit: number; readonly offset: number };

export async function readSettlement(context: Context, settlement_id: string): Promise<SettlementView> {
  return describeSettlement(context, await requireSettlement(context, settlement_id));
}

export async function describeSettlement({ db }: Context, row: SettlementRow): Promise<SettlementView> {
  const { settlement_id } = row;
  const members = await selectMembers(db, { settlement_id });
  return settlementView(row, members, await selectDocuments(db, { settlement_id }));
}

/** Newest first, a fixed number of queries however long the page. */
export async function listSettlements(
  { db, provider }: Context,
  filter: SettlementFilter,
  window: Window,
): Promise<{ total: number; content: SummaryView[] }> {
  const { total, rows } = await listSettlementRows(db, provider.provider_id, filter, window);
  const subtotals = await selectSubtotals(
    db,
    rows.map((row) => row.settlement_id),
  );
  const content = rows.map((row) =>
    summaryView(
      row,
      subtotals.filter((each) => each.settlement_id === row.settlement_id),
    ),
  );
  return { total, content };
}

/**
 * What can be attached. The period does not limit it: a claim that was refused last month, or forgotten, is presented
 * with this month's batch (S).
 */
export async function listPendingAuthorizations(context: Context, settlement_id: string, window: Window) {
  const { db, provider } = context;
  const slugs = slugsOf(await sponsorOf(db, await requireSettlement(context, settlement_id)));
  const { total, rows } = await listPending(db, provider.provider_id, slugs, window);
  return { total, content: rows.map(pendingView) };
}
