import type { Claim, ClaimComplete, ClaimFile } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import { toWire } from '../../platform/money.ts';
import { isoTimestamp, isoTimestampOrNull } from '../../platform/time.ts';
import { findProduct } from '../catalogues/catalogue.ts';
import { pricedLine } from '../dispensing/lines/input.ts';
import type { Refusal } from '../settlements/membership.ts';
import { lineAmount } from './amounts.ts';
import type { ClaimLine } from './lines/store.ts';
import type { ClaimRow } from './store.ts';

export type ClaimView = Static<typeof Claim>;
export type Completion = Static<typeof ClaimComplete>;

/** The members that complete knows, and nothing else that came along. */
const completionMembers = [
  'document_number',
  'document_date',
  'document_serial',
  'doctor_name',
  'doctor_medical_license_number',
  'doctor_country_code',
  'doctor_specialty_name',
  'medical_consultation_reason',
  'illness_history',
  'illness_evolution_time',
  'non_standardized_diagnoses',
] as const satisfies readonly (keyof Completion)[];

/** As it is stored: with the signature, which is never shown. */
export function completionText(input: Completion): string {
  const stored = [...completionMembers, 'document_digital_signature'] as const;
  return JSON.stringify(Object.fromEntries(stored.map((member) => [member, input[member]])));
}

export interface ClaimParts {
  readonly lines: readonly ClaimLine[];
  readonly files: readonly Static<typeof ClaimFile>[];
  /** The main diagnosis of the pre-authorization, for a claim without one of its own. */
  readonly inherited_diagnosis: string | null;
  readonly refusal: Refusal | undefined;
}

export function claimView(
  row: ClaimRow,
  { lines, files, inherited_diagnosis, refusal }: ClaimParts,
): ClaimView {
  return {
    claim_id: row.claim_id,
    kind: row.kind,
    status: row.status,
    beneficiary_id: row.beneficiary_id,
    sponsor_slug: row.sponsor_slug,
    authorization_id: row.authorization_id,
    dispensation_id: row.dispensation_id,
    diagnosis_code: row.diagnosis_code ?? inherited_diagnosis,
    line_items: lines.map(lineView),
    currency_code: row.currency_code,
    amount: toWire(row.amount),
    copayment_amount: toWire(row.copayment_amount),
    coinsurance_amount: toWire(row.coinsurance_amount),
    amount_covered_by_sponsor: toWire(row.covered_amount),
    amount_paid_by_patient: toWire(row.amount - row.covered_amount),
    sponsor_transaction_id: row.sponsor_transaction_id,
    files: [...files],
    ...completionView(row.completion),
    // What was paid in the end is no longer refused.
    last_settlement: row.status === 'PAID' ? null : (refusal ?? null),
    created_at: isoTimestamp(row.created_at),
    expires_at: isoTimestampOrNull(row.expires_at),
    completed_at: isoTimestampOrNull(row.completed_at),
    voided_at: isoTimestampOrNull(row.voided_at),
    void_reason: row.void_reason,
  };
}

/** The members of a substitution are shown only where there is one. */
function lineView(line: ClaimLine): ClaimView['line_items'][number] {
  const { product_code, substitute_product_code, substitute_quantity } = line;
  return {
    product_code,
    product_type: findProduct(product_code)?.product_type ?? 'MEDICATION',
    quantity: line.quantity,
    unit_price: toWire(line.unit_price),
    taxes: toWire(line.taxes),
    amount: toWire(lineAmount(pricedLine(line))),
    ...(substitute_product_code !== null && { substitute_product_code }),
    ...(substitute_quantity !== null && { substitute_quantity }),
  };
}

function completionView(text: string | null): Record<(typeof completionMembers)[number], string | null> {
  const stored: Completion = text === null ? {} : (JSON.parse(text) as Completion);
  const shown = completionMembers.map((member) => [member, stored[member] ?? null] as const);
  return Object.fromEntries(shown) as Record<(typeof completionMembers)[number], string | null>;
}
