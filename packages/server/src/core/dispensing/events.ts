import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { toWire } from '../../platform/money.ts';
import { isoTimestamp } from '../../platform/time.ts';
import { recordEvent } from '../../webhooks/events.ts';
import type { Entitlement } from './entitlement.ts';
import type { PlannedLine } from './lines/store.ts';
import type { DispensationRow } from './store.ts';

/** What the events of one dispensation have in common. They go to the owner of the code, who knows the person by another id. */
interface Subject {
  readonly uow: UnitOfWork;
  readonly dispensation: DispensationRow;
  readonly lines: readonly PlannedLine[];
}

export async function recordStarted(subject: Subject, entitlement: Entitlement): Promise<void> {
  const { dispensation, lines } = subject;
  await recordEvent(entitlement.owner, 'dispensing.started', dispensation.dispensation_id, {
    ...headOf(dispensation),
    beneficiary_id: entitlement.insured?.beneficiary_id ?? null,
    sponsor_slug: dispensation.sponsor_slug,
    pharmacy: pharmacyOf(subject),
    products: lines.map(({ product_code, quantity }) => ({ product_code, quantity })),
    started_at: isoTimestamp(dispensation.started_at),
  });
}

export async function recordCompleted(
  subject: Subject,
  entitlement: Entitlement,
  completed_at: number,
): Promise<void> {
  const { uow, dispensation, lines } = subject;
  const ownCode = dispensation.owner_provider_id === uow.provider.provider_id;
  await recordEvent(entitlement.owner, 'dispensing.completed', dispensation.dispensation_id, {
    ...headOf(dispensation),
    authorization_id: dispensation.authorization_id,
    prescription_id: dispensation.prescription_id,
    beneficiary_id: entitlement.insured?.beneficiary_id ?? null,
    sponsor_slug: dispensation.sponsor_slug,
    pharmacy: pharmacyOf(subject),
    products: lines.map(({ product_code, quantity, unit_price }) => ({
      product_code,
      quantity,
      unit_price: toWire(unit_price),
    })),
    total_amount: toWire(dispensation.total_amount),
    currency_code: dispensation.currency_code,
    // The claim belongs to whoever delivered.
    claim_id: ownCode ? dispensation.claim_id : null,
    completed_at: isoTimestamp(completed_at),
  });
}

export async function recordCancelled(
  owner: UnitOfWork,
  dispensation: DispensationRow,
  cancellation: {
    readonly cancelled_at: number;
    readonly cancelled_by: 'PHARMACY' | 'TIMEOUT';
    readonly cancellation_reason: string | null;
  },
): Promise<void> {
  await recordEvent(owner, 'dispensing.cancelled', dispensation.dispensation_id, {
    ...headOf(dispensation),
    cancelled_by: cancellation.cancelled_by,
    reason: cancellation.cancellation_reason,
    cancelled_at: isoTimestamp(cancellation.cancelled_at),
  });
}

function headOf({ dispensation_id, code, code_type }: DispensationRow) {
  return { dispensation_id, code, code_type };
}

function pharmacyOf({ uow, dispensation }: Subject) {
  return { provider_slug: uow.provider.provider_slug, branch_id: dispensation.provider_branch_id };
}
