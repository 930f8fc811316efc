import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { newId } from '../../platform/ids.ts';
import { randomDigits } from '../../platform/random.ts';
import type { AuthorizationRow } from '../authorizations/store.ts';
import { type DispensationRow, insertClaim } from './store.ts';

/** The claim that a completed dispensation of an authorization creates by itself (D). Answers its id. */
export async function createClaim(
  uow: UnitOfWork,
  dispensation: DispensationRow,
  authorization: AuthorizationRow,
): Promise<string> {
  if (dispensation.beneficiary_id === null)
    throw new Error('A dispensation of an authorization without a person');
  const claim_id = newId('claim');
  await insertClaim(uow.db, {
    claim_id,
    // O: clients read the claim by the dispensation's number.
    number: dispensation.number,
    provider_id: dispensation.provider_id,
    kind: 'DISPENSATION',
    status: 'COMPLETED',
    authorization_id: authorization.authorization_id,
    dispensation_id: dispensation.dispensation_id,
    beneficiary_id: dispensation.beneficiary_id,
    sponsor_slug: authorization.sponsor_slug,
    currency_code: dispensation.currency_code,
    amount: dispensation.total_amount,
    copayment_amount: dispensation.copayment_amount ?? 0,
    coinsurance_amount: dispensation.coinsurance_amount ?? 0,
    covered_amount: dispensation.covered_amount ?? 0,
    sponsor_transaction_id: `STX-${randomDigits(12)}`,
    created_at: uow.now,
    completed_at: uow.now,
  });
  return claim_id;
}
