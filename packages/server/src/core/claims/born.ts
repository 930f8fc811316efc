import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { newId } from '../../platform/ids.ts';
import type { AuthorizationRow } from '../authorizations/store.ts';
import type { PlannedLine } from '../dispensing/lines/store.ts';
import type { DispensationRow } from '../dispensing/store.ts';
import { claimLine } from './lines/line.ts';
import { insertLinesOfClaim } from './lines/store.ts';
import { drawSponsorTransaction } from './sponsor-transaction.ts';
import { insertClaim } from './store.ts';
import { type Completion, completionText } from './view.ts';

/** The claim that a completed dispensation of an authorization creates by itself (D). Answers its id. */
export async function bearClaim(
  uow: UnitOfWork,
  dispensation: DispensationRow,
  lines: readonly PlannedLine[],
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
    owner_provider_id: authorization.provider_id,
    dispensation_id: dispensation.dispensation_id,
    beneficiary_id: dispensation.beneficiary_id,
    sponsor_slug: authorization.sponsor_slug,
    diagnosis_code: null,
    currency_code: dispensation.currency_code,
    amount: dispensation.total_amount,
    copayment_amount: dispensation.copayment_amount ?? 0,
    coinsurance_amount: dispensation.coinsurance_amount ?? 0,
    covered_amount: dispensation.covered_amount ?? 0,
    sponsor_transaction_id: drawSponsorTransaction(),
    completion: completionText(documentOf(dispensation)),
    created_at: uow.now,
    expires_at: null,
    completed_at: uow.now,
    voided_at: null,
    void_reason: null,
  });
  await insertLinesOfClaim(
    uow.db,
    claim_id,
    lines.map((line) => claimLine(line, line.source_line)),
  );
  return claim_id;
}

/** The document that completes the dispensation is that of its claim too. */
function documentOf(dispensation: DispensationRow): Completion {
  const { document_number, document_date, document_serial, document_digital_signature } = dispensation;
  return {
    ...(document_number !== null && { document_number }),
    ...(document_date !== null && { document_date }),
    ...(document_serial !== null && { document_serial }),
    ...(document_digital_signature !== null && { document_digital_signature }),
  };
}
