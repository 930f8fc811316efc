import type { Dispensation } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import { toWire, toWireOrNull } from '../../platform/money.ts';
import { isoTimestamp, isoTimestampOrNull } from '../../platform/time.ts';
import type { PlannedLine } from './lines/store.ts';
import type { DispensationRow } from './store.ts';

export type DispensationView = Static<typeof Dispensation>;

export function dispensationView(row: DispensationRow, lines: readonly PlannedLine[]): DispensationView {
  return {
    dispensation_id: row.dispensation_id,
    status: row.status,
    code: row.code,
    code_type: row.code_type,
    authorization_id: row.authorization_id,
    prescription_id: row.prescription_id,
    beneficiary_id: row.beneficiary_id,
    sponsor_slug: row.sponsor_slug,
    provider_branch_id: row.provider_branch_id,
    products: lines.map(lineView),
    currency_code: row.currency_code,
    verification_required: row.verification_required,
    started_at: isoTimestamp(row.started_at),
    expires_at: isoTimestamp(row.expires_at),
    ...moneyView(row),
    claim_id: row.claim_id,
    document_number: row.document_number,
    document_date: row.document_date,
    document_serial: row.document_serial,
    provider_transaction_id: row.provider_transaction_id,
    completed_at: isoTimestampOrNull(row.completed_at),
    cancelled_at: isoTimestampOrNull(row.cancelled_at),
    cancelled_by: row.cancelled_by,
    cancellation_reason: row.cancellation_reason,
  };
}

function moneyView(row: DispensationRow) {
  const { total_amount, covered_amount } = row;
  return {
    total_amount: toWire(total_amount),
    copayment_amount: toWireOrNull(row.copayment_amount),
    coinsurance_amount: toWireOrNull(row.coinsurance_amount),
    amount_covered_by_sponsor: toWireOrNull(covered_amount),
    amount_paid_by_patient: covered_amount === null ? null : toWire(total_amount - covered_amount),
  };
}

/** The members of a substitution are shown only where there is one. */
function lineView(line: PlannedLine): DispensationView['products'][number] {
  const { substitute_product_code, substitute_quantity } = line;
  const { substitution_reason_enum, substitution_reason, substitution_other_description } = line;
  return {
    product_code: line.product_code,
    quantity: line.quantity,
    unit_price: toWire(line.unit_price),
    taxes: toWire(line.taxes),
    ...(substitute_product_code !== null && { substitute_product_code }),
    ...(substitute_quantity !== null && { substitute_quantity }),
    ...(substitution_reason_enum !== null && { substitution_reason_enum }),
    ...(substitution_reason !== null && { substitution_reason }),
    ...(substitution_other_description !== null && { substitution_other_description }),
  };
}

/** Where nothing is required nothing stands in the way. */
export function verificationStatusOf(row: DispensationRow) {
  const method = row.verification_required;
  return { required: method !== null, satisfied: method === null || row.verified_at !== null, method };
}
