import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { magicCodes } from '../../fixtures/magic.ts';
import type { SponsorProfile } from '../../fixtures/sponsor-profile.ts';
import { type Fault, fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { second } from '../../platform/time.ts';
import { findBeneficiary } from '../beneficiaries/service.ts';
import type { BeneficiaryRow } from '../beneficiaries/store.ts';
import { consumeProof } from '../verification/proof.ts';
import { decideGroups, decideLine, type RequestedLine } from './decision.ts';
import { type Granted, grant, placeHolder } from './grant.ts';
import { missingIndications, requireRequest, sponsorOfRequest } from './requests.ts';
import { requestMachine } from './rules.ts';
import {
  countEvaluation,
  countFailedEvaluation,
  type RequestRow,
  selectFilesOfRequest,
  updateRequestStatus,
} from './store.ts';
import { outcomeView, requestedLines } from './views.ts';

export const decisionWork = 'authorization.decision';

export interface Proof {
  readonly otp_verification_token?: string;
  readonly biometric_reading_id?: string;
}

export interface Completion {
  readonly authorization_request_id: string;
  readonly status: RequestRow['status'];
  readonly missing_indications: readonly string[];
  readonly authorizations: readonly ReturnType<typeof outcomeView>[];
}

/**
 * Second phase. A missing indication is not an error (D); a sponsor that fails is a refusal whose count stays,
 * so that the next try succeeds.
 */
export async function completeRequest(
  uow: UnitOfWork,
  authorization_request_id: string,
  proof: Proof,
): Promise<{ completion: Completion } | { refusal: Fault }> {
  const request = await requireRequest(uow, authorization_request_id);
  const profile = sponsorOfRequest(request);
  const person = await personOf(uow, request);
  const pending = request.status === 'PENDING_INDICATION';
  if (pending) {
    const missing = missingIndications(
      profile,
      await selectFilesOfRequest(uow.db, { authorization_request_id }),
    );
    if (missing.length > 0) return { completion: answer(request, 'PENDING_INDICATION', [], missing) };
    if (await sponsorFails(uow, request, profile)) {
      return {
        refusal: fault('071-503', { message: 'The sponsor did not answer. Try again.', retryAfter: 1 }),
      };
    }
  }
  const method = profile.verification.authorization;
  if (method !== null) {
    const { person_key } = person;
    await consumeProof(uow, { method, person_key, sponsor_slug: profile.sponsor_slug, ...proof });
  }
  const to = step(requestMachine, request.status, profile.evaluation === 'SYNC' ? 'complete' : 'submit');
  await win(uow, request, to);
  const owner = { request, person_key: person.person_key, profile };
  const granted =
    profile.evaluation === 'SYNC'
      ? await decideNow(uow, owner, person)
      : await submit(uow, owner, requestedLines(request));
  return { completion: answer(request, to, granted, []) };
}

type Owner = Parameters<typeof grant>[1];

async function decideNow(uow: UnitOfWork, owner: Owner, person: BeneficiaryRow): Promise<Granted[]> {
  const exhausted = person.benefits_exhausted === 1;
  const groups = decideGroups(requestedLines(owner.request), (line) => decideLine(line, exhausted));
  const granted: Granted[] = [];
  for (const group of groups) granted.push(await grant(uow, owner, group));
  return granted;
}

async function submit(uow: UnitOfWork, owner: Owner, lines: readonly RequestedLine[]): Promise<Granted[]> {
  const undecided = () => ({ authorized_quantity: 0 });
  const placeholders: Granted[] = [];
  for (const { product_type, lines: members } of decideGroups(lines, undecided)) {
    placeholders.push(await placeHolder(uow, owner, { product_type, lines: members }));
  }
  const { decision_delay_seconds } = owner.profile;
  if (decision_delay_seconds !== null) {
    await uow.schedule({
      kind: decisionWork,
      subject_id: owner.request.authorization_request_id,
      due_at: uow.now + decision_delay_seconds * second,
    });
  }
  return placeholders;
}

/** Of many calls that race for one request, one changes its row. */
async function win(uow: UnitOfWork, request: RequestRow, to: RequestRow['status']): Promise<void> {
  const { authorization_request_id, status: from } = request;
  const completed_at = to === 'COMPLETED' ? uow.now : null;
  const won = await updateRequestStatus(uow.db, {
    authorization_request_id,
    from,
    to,
    now: uow.now,
    completed_at,
  });
  if (won === 0) throw fault('071-409-already-completed');
}

/** Every n-th evaluation of a flaky sponsor, and the first of a request with the magic medication. */
async function sponsorFails(uow: UnitOfWork, request: RequestRow, profile: SponsorProfile): Promise<boolean> {
  const { authorization_request_id } = request;
  if (profile.evaluation === 'SYNC' && failsFirst(request)) {
    await countFailedEvaluation(uow.db, { authorization_request_id });
    return true;
  }
  if (profile.fails_every === null) return false;
  const { provider_id } = uow.provider;
  const [counted] = await countEvaluation(uow.db, { provider_id, sponsor_slug: profile.sponsor_slug });
  return counted !== undefined && counted.evaluations % profile.fails_every === 0;
}

export function failsFirst(request: RequestRow): boolean {
  if (request.failed_evaluations > 0) return false;
  return requestedLines(request).some((line) => line.product_code === magicCodes.sponsorFails);
}

export async function personOf(uow: UnitOfWork, request: RequestRow): Promise<BeneficiaryRow> {
  const person = await findBeneficiary(uow, request.beneficiary_id);
  if (person === undefined) throw fault('071-404-beneficiary');
  return person;
}

function answer(
  request: RequestRow,
  status: RequestRow['status'],
  granted: readonly Granted[],
  missing_indications: readonly string[],
): Completion {
  return {
    authorization_request_id: request.authorization_request_id,
    status,
    missing_indications,
    authorizations: granted.map(({ row, lines }) => outcomeView(row, lines)),
  };
}
