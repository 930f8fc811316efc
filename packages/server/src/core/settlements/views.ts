import type {
  PendingAuthorization,
  Settlement,
  SettlementDocument,
  SettlementSummary,
} from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import { toWire, toWireOrNull } from '../../platform/money.ts';
import { isoTimestamp, isoTimestampOrNull } from '../../platform/time.ts';
import type { PendingRow } from './candidates/store.ts';
import type { DocumentRow } from './documents/store.ts';
import type { MemberRow } from './members/store.ts';
import type { SettlementRow } from './store.ts';
import { type Subtotal, type Totals, totalsOf } from './totals.ts';

export type SettlementView = Static<typeof Settlement>;
export type SummaryView = Static<typeof SettlementSummary>;

export function settlementView(
  row: SettlementRow,
  members: readonly MemberRow[],
  documents: readonly DocumentRow[],
): SettlementView {
  const subtotals = members.map(({ status, covered_amount }) => ({
    status,
    claims: 1,
    covered: covered_amount,
  }));
  return {
    ...summaryView(row, subtotals),
    lines: members.map(lineView),
    documents: documents.map(documentView),
  };
}

export function summaryView(row: SettlementRow, subtotals: readonly Subtotal[]): SummaryView {
  const totals = totalsOf(row.status, subtotals);
  return {
    settlement_id: row.settlement_id,
    status: row.status,
    sponsor_slug: row.sponsor_slug,
    period: row.period,
    currency_code: row.currency_code,
    ...totalsView(totals),
    created_at: isoTimestamp(row.created_at),
    submitted_at: isoTimestampOrNull(row.submitted_at),
    resolved_at: isoTimestampOrNull(row.resolved_at),
    // The sandbox pays in the moment of the decision.
    paid_at: totals.paid ? isoTimestampOrNull(row.resolved_at) : null,
  };
}

function totalsView({ claim_count, total_amount, accepted_amount, rejected_amount }: Totals) {
  return {
    claim_count,
    total_amount: toWire(total_amount),
    accepted_amount: toWireOrNull(accepted_amount),
    rejected_amount: toWireOrNull(rejected_amount),
  };
}

function lineView(member: MemberRow): SettlementView['lines'][number] {
  const { claim_id, authorization_id, status, rejection_reason } = member;
  return {
    claim_id,
    authorization_id,
    status,
    ...(rejection_reason !== null && { rejection_reason }),
    ...owedView(member),
  };
}

export function pendingView(claim: PendingRow): Static<typeof PendingAuthorization> {
  const { authorization_id, claim_id } = claim;
  return { authorization_id, claim_id, ...owedView(claim) };
}

/** A claim that was not born from a dispensation is dispensed when it is completed. */
function owedView(
  claim: Pick<PendingRow, 'covered_amount' | 'currency_code' | 'created_at' | 'completed_at'>,
) {
  return {
    total_amount: toWire(claim.covered_amount),
    currency_code: claim.currency_code,
    dispensed_at: isoTimestamp(claim.completed_at ?? claim.created_at),
  };
}

export function documentView(row: DocumentRow): Static<typeof SettlementDocument> {
  return {
    document_id: row.file_id,
    document_type: row.document_type,
    file_name: row.file_name,
    content_type: row.content_type,
    size: row.size,
    sha256: row.sha256,
    created_at: isoTimestamp(row.created_at),
  };
}
