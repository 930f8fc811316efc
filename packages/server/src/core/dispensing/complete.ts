import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { fromWire, toWire } from '../../platform/money.ts';
import { step } from '../../platform/state-machine.ts';
import { consumeProof } from '../verification/proof.ts';
import { createClaim } from './claim.ts';
import { type Entitlement, lockEntitlement } from './entitlement.ts';
import { recordCompleted } from './events.ts';
import { type PlannedLine, selectLinesOfDispensation } from './lines/store.ts';
import { authorizationIdOf, lockToClose } from './open.ts';
import { remainingOf } from './quantities/allocation.ts';
import { redeem } from './quantities/quantities.ts';
import { dispensationMachine } from './rules.ts';
import { type DispensationRow, updateCompleted, updateRedemption } from './store.ts';
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
 * Redeems the code and creates the claim. What was held at the start stays good: an authorization that expired
 * meanwhile is completed all the same, only its status no longer changes.
 */
export async function completeDispensation(
  uow: UnitOfWork,
  dispensation_id: string,
  input: CompleteInput,
): Promise<DispensationView> {
  const { dispensation, owner } = await lockToClose(uow, dispensation_id);
  requireAmount(dispensation, input.amount);
  step(dispensationMachine, dispensation.status, 'complete');
  const entitlement = await lockEntitlement(owner, authorizationIdOf(dispensation));
  const verified_at = await verifyPerson(uow, dispensation, entitlement, input);

  const lines = await selectLinesOfDispensation(uow.db, { dispensation_id });
  await redeemLines(entitlement, lines);
  const completion = {
    dispensation_id,
    verified_at,
    claim_id: await createClaim(uow, dispensation, entitlement.authorization),
    document_number: input.document_number,
    document_date: input.document_date,
    document_serial: input.document_serial ?? null,
    document_digital_signature: input.document_digital_signature ?? null,
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
  { authorization }: Entitlement,
  { otp_verification_token, biometric_reading_id }: Proof,
): Promise<number | null> {
  if (verification_required === null) return null;
  await consumeProof(uow, {
    method: verification_required,
    person_key: authorization.person_key,
    sponsor_slug: authorization.sponsor_slug,
    ...(otp_verification_token !== undefined && { otp_verification_token }),
    ...(biometric_reading_id !== undefined && { biometric_reading_id }),
  });
  return uow.now;
}

async function redeemLines(
  { owner, authorization, lines: entitled }: Entitlement,
  lines: readonly PlannedLine[],
): Promise<void> {
  const { authorization_id } = authorization;
  await redeem(owner.db, authorization_id, lines);
  const remaining = entitled.reduce((sum, line) => sum + remainingOf(line), 0);
  const redeemed = lines.reduce((sum, line) => sum + line.quantity, 0);
  const status = redeemed === remaining ? 'REDEEMED' : 'PARTIALLY_REDEEMED';
  await updateRedemption(owner.db, { authorization_id, status });
}
