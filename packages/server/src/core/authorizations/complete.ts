import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { type Fault, fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { findBeneficiary } from '../beneficiaries/service.ts';
import type { BeneficiaryRow } from '../beneficiaries/store.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { requirementsFor } from '../sponsors/requirements.ts';
import { sponsorOf } from '../sponsors/sponsors.ts';
import { consumeProofs } from '../verification/proof.ts';
import { decideGroups, failsFirst } from './decision.ts';
import { decided, type Evaluation, evaluate } from './evaluations.ts';
import { factsOf } from './facts.ts';
import { type Granted, grant, placeHolder } from './grant.ts';
import { missingIndications, requireRequest } from './requests.ts';
import { requestMachine } from './rules.ts';
import {
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

/** `answer_delay`: milliseconds that the sponsor takes to answer, to be waited after the transaction. */
export type Outcome =
  | { readonly completion: Completion; readonly answer_delay: number }
  | { readonly refusal: Fault; readonly answer_delay: number };

/**
 * Second phase. A missing indication is not an error (D); a sponsor that fails is a refusal whose count stays,
 * so that the next try succeeds.
 */
export async function completeRequest(
  uow: UnitOfWork,
  authorization_request_id: string,
  proof: Proof,
): Promise<Outcome> {
  const request = await requireRequest(uow, authorization_request_id);
  const profile = await sponsorOf(uow.db, request);
  const person = await personOf(uow, request);
  const asked: Asked = { request, person, profile };
  const isOpen = request.status === 'PENDING_INDICATION';
  if (isOpen) {
    const files = await selectFilesOfRequest(uow.db, { authorization_request_id });
    const missing = missingIndications(request, profile, files);
    if (missing.length > 0) {
      return { completion: answer(request, 'PENDING_INDICATION', [], missing), answer_delay: 0 };
    }
  }
  const evaluation = isOpen ? await evaluateOnce(uow, asked) : notAsked;
  const answer_delay = profile.evaluation === 'SYNC' ? evaluation.delay : 0;
  if (evaluation.fails) {
    const message = 'The sponsor did not answer. Try again.';
    return { refusal: fault('071-503', { message, retryAfter: 1 }), answer_delay };
  }
  await prove(uow, asked, proof);
  const to = step(requestMachine, request.status, profile.evaluation === 'SYNC' ? 'complete' : 'submit');
  await win(uow, request, to);
  const granted =
    profile.evaluation === 'SYNC' ? await decideNow(uow, asked) : await submit(uow, asked, evaluation.delay);
  return { completion: answer(request, to, granted, []), answer_delay };
}

interface Asked {
  readonly request: RequestRow;
  readonly person: BeneficiaryRow;
  readonly profile: SponsorProfile;
}

const notAsked: Evaluation = { fails: false, delay: 0 };

/** A synchronous sponsor that fails first does so before anything else; an asynchronous one when it decides. */
async function evaluateOnce(uow: UnitOfWork, { request, person, profile }: Asked): Promise<Evaluation> {
  const { authorization_request_id, failed_evaluations } = request;
  const isFirst = profile.evaluation === 'SYNC' && failed_evaluations === 0;
  if (isFirst && failsFirst(profile, factsOf(request, person, profile))) {
    await countFailedEvaluation(uow.db, { authorization_request_id });
    return { fails: true, delay: 0 };
  }
  return evaluate(uow, profile);
}

async function prove(uow: UnitOfWork, { request, person, profile }: Asked, proof: Proof): Promise<void> {
  const { person_key } = person;
  const { sponsor_slug } = profile;
  const types = requestedLines(request).map((line) => line.product_type);
  const { methods } = requirementsFor(profile, types);
  await consumeProofs(uow, { methods, person_key, sponsor_slug, ...proof });
}

async function decideNow(uow: UnitOfWork, asked: Asked): Promise<Granted[]> {
  const { request, person, profile } = asked;
  const granted: Granted[] = [];
  for (const group of decided(request, person, profile)) {
    granted.push(await grant(uow, ownerOf(asked), group));
  }
  return granted;
}

async function submit(uow: UnitOfWork, asked: Asked, delay: number): Promise<Granted[]> {
  const undecided = () => ({ authorized_quantity: 0 });
  const placeholders: Granted[] = [];
  for (const { product_type, lines } of decideGroups(requestedLines(asked.request), undecided)) {
    placeholders.push(await placeHolder(uow, ownerOf(asked), { product_type, lines }));
  }
  if (!asked.profile.decidesByHand) {
    await uow.schedule({
      kind: decisionWork,
      subject_id: asked.request.authorization_request_id,
      due_at: uow.now + delay,
    });
  }
  return placeholders;
}

function ownerOf({ request, person, profile }: Asked) {
  return { request, person_key: person.person_key, profile };
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
