import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { fromWire, toWire } from '../../platform/money.ts';
import { step } from '../../platform/state-machine.ts';
import { consumeProofs } from '../verification/proof.ts';
import type { Entitlement } from './entitlement.ts';
import { recordCompleted } from './events.ts';
import { selectLinesOfDispensation } from './lines/store.ts';
import { lockToClose } from './open.ts';
import { takesAll } from './quantities/allocation.ts';
import { lockEntitlement } from './redemption.ts';
import { dispensationMachine } from './rules.ts';
import { type DispensationRow, updateCompleted } from './store.ts';
import { type DispensationView, dispensationView } from './view.ts';

export interface Proof {
  readonly otp_verification_token?: string;
  readonly biometric_reading_id?: string;
}

export interface CompleteInput extends Proof {
  readonly document_number: string;
  readonly document_date: string;
  /** On the wire. */
  readonly amount?: number;
  readonly document_serial?: string;
  readonly provider_transaction_id?: string;
  readonly document_digital_signature?: string;
}

/**
 * Redeems the code and creates the claim, if there is a sponsor. What was held at the start stays good: a code that
 * expired meanwhile is completed all the same, only its status no longer changes.
 */
export async function completeDispensation(
  uow: UnitOfWork,
  dispensation_id: string,
  input: CompleteInput,
): Promise<DispensationView> {
  const { dispensation, owner } = await lockToClose(uow, dispensation_id);
  requireAmount(dispensation, input.amount);
  step(dispensationMachine, dispensation.status, 'complete');
  const entitlement = await lockEntitlement(uow, owner, dispensation);
  const verified_at = await verifyPerson(uow, dispensation, entitlement, input);

  const lines = await selectLinesOfDispensation(uow.db, { dispensation_id });
  await entitlement.redeem(lines, takesAll(entitlement.lines, lines));
  const document = {
    document_number: input.document_number,
    document_date: input.document_date,
    document_serial: input.document_serial ?? null,
    document_digital_signature: input.document_digital_signature ?? null,
  };
  const completion = {
    dispensation_id,
    verified_at,
    claim_id: await entitlement.claim(uow, { ...dispensation, ...document }, lines),
    ...document,
    provider_transaction_id: input.provider_transaction_id ?? null,
    completed_at: uow.now,
  };
  if ((await updateCompleted(uow.db, completion)) === 0) throw fault('071-409-dispensation-closed');
  const completed: DispensationRow = { ...dispensation, ...completion, status: 'COMPLETED' };
  await recordCompleted({ uow, dispensation: completed, lines }, entitlement, completion.completed_at);
  return dispensationView(completed, lines);
}

/** The total with taxes (D) or the part of the sponsor (O). */
function requireAmount({ total_amount, covered_amount }: DispensationRow, amount: number | undefined): void {
  if (amount === undefined) return;
  const minor = fromWire(amount);
  if (minor === total_amount || minor === covered_amount) return;
  const covered =
    covered_amount === null ? '' : ` or ${toWire(covered_amount)}, the part covered by the sponsor`;
  const message = `must be ${toWire(total_amount)}, the total${covered}`;
  throw fault('071-422-amount-mismatch', { errors: [{ path: 'amount', message }] });
}

/** A proof is used up, so only an open dispensation takes one: whoever loses the race for it keeps theirs. */
async function verifyPerson(
  uow: UnitOfWork,
  { verification_required }: DispensationRow,
  { insured }: Entitlement,
  { otp_verification_token, biometric_reading_id }: Proof,
): Promise<number | null> {
  if (verification_required === null || insured === null) return null;
  await consumeProofs(uow, {
    methods: [verification_required],
    person_key: insured.person_key,
    sponsor_slug: insured.sponsor_slug,
    ...(otp_verification_token !== undefined && { otp_verification_token }),
    ...(biometric_reading_id !== undefined && { biometric_reading_id }),
  });
  return uow.now;
}
