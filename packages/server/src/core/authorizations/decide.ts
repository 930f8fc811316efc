import type { RejectionCode } from '@osigu-sandbox/contract';
import type { DueHandler } from '../../engine/run-due.ts';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, type Issue, rejectIssues } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { step } from '../../platform/state-machine.ts';
import { day, isoTimestamp } from '../../platform/time.ts';
import { failureKind } from '../../store/failures.ts';
import { TryAgain } from '../../store/store.ts';
import { recordEvent } from '../../webhooks/events.ts';
import { sponsorOf } from '../sponsors/sponsors.ts';
import { drawAuthorizationCode, drawSponsorReference, maxTries } from './codes.ts';
import { decisionWork, personOf } from './complete.ts';
import {
  selectHolderOfCode,
  setAuthorizedQuantity,
  updateApproved,
  updateRejected,
} from './decided/store.ts';
import { decideGroups, failsFirst, type GroupDecision, type LineDecision, refuse } from './decision.ts';
import { decided, evaluate } from './evaluations.ts';
import { factsOf } from './facts.ts';
import { expiryWork } from './grant.ts';
import { describeRequest, requireRequest } from './requests.ts';
import { requestMachine } from './rules.ts';
import {
  type AuthorizationRow,
  countFailedEvaluation,
  type RequestRow,
  selectAuthorizationsOfRequest,
  updateRequestStatus,
} from './store.ts';
import { requestedLines } from './views.ts';

/** The asynchronous sponsor's decision, when it is due. */
export function decisionHandler(log: Log): DueHandler {
  return {
    effect: async (uow, { subject_id }) => {
      const request = await requireRequest(uow, subject_id);
      if (request.status !== 'PENDING_SPONSOR') {
        log.info({ authorization_request_id: subject_id, status: request.status }, 'decision discarded');
        return;
      }
      const profile = await sponsorOf(uow.db, request);
      const person = await personOf(uow, request);
      const isFirst = request.failed_evaluations === 0;
      if (isFirst && failsFirst(profile, factsOf(request, person, profile))) {
        // The sponsor fails once; it is asked again after as long as it takes.
        await countFailedEvaluation(uow.db, { authorization_request_id: subject_id });
        const { delay } = await evaluate(uow, profile);
        await uow.schedule({ kind: decisionWork, subject_id, due_at: uow.now + delay });
        return;
      }
      await decide(uow, request, decided(request, person, profile));
    },
  };
}

export interface ManualDecision {
  readonly decision: 'APPROVED' | 'REJECTED';
  readonly rejection_code?: RejectionCode;
  readonly rejection_reason?: string;
  readonly lines?: readonly ManualLine[];
}

interface ManualLine {
  readonly product_code: string;
  readonly decision: 'APPROVED' | 'REJECTED';
  readonly authorized_quantity?: number;
  readonly rejection_code?: RejectionCode;
  readonly rejection_reason?: string;
}

/** The sponsor's hand: decides what waits, whether or not a decision would come by itself. */
export async function decideByHand(uow: UnitOfWork, authorization_request_id: string, input: ManualDecision) {
  const request = await requireRequest(uow, authorization_request_id);
  const lines = requestedLines(request);
  rejectIssues(wrongLines(input, lines));
  const byCode = new Map(input.lines?.map((line) => [line.product_code, line]));
  const groups = decideGroups(lines, (line) =>
    lineByHand(line.quantity, input, byCode.get(line.product_code)),
  );
  await decide(uow, request, groups);
  await uow.unschedule(decisionWork, authorization_request_id);
  return describeRequest(uow, await requireRequest(uow, authorization_request_id));
}

function wrongLines(
  input: ManualDecision,
  lines: readonly { product_code: string; quantity: number }[],
): Issue[] {
  return (input.lines ?? []).flatMap(({ product_code, authorized_quantity = 0 }, index) => {
    const requested = lines.filter((line) => line.product_code === product_code);
    if (requested.length === 0)
      return [{ path: `lines[${index}].product_code`, message: 'is not in the request' }];
    if (requested.every((line) => authorized_quantity <= line.quantity)) return [];
    return [
      { path: `lines[${index}].authorized_quantity`, message: 'must not exceed the quantity asked for' },
    ];
  });
}

function lineByHand(quantity: number, input: ManualDecision, line: ManualLine | undefined): LineDecision {
  const { decision, rejection_code = 'SPONSOR_OTHER', rejection_reason } = line ?? input;
  const authorized_quantity = decision === 'APPROVED' ? (line?.authorized_quantity ?? quantity) : 0;
  return authorized_quantity > 0 ? { authorized_quantity } : refuse(rejection_code, rejection_reason);
}

/** PENDING_SPONSOR to COMPLETED: the placeholders become what was decided, each with its event. */
async function decide(uow: UnitOfWork, request: RequestRow, groups: readonly GroupDecision[]): Promise<void> {
  const to = step(requestMachine, request.status, 'decide');
  const { authorization_request_id, status: from } = request;
  const won = await updateRequestStatus(uow.db, {
    authorization_request_id,
    from,
    to,
    now: uow.now,
    completed_at: uow.now,
  });
  if (won === 0) throw fault('071-409-already-decided');
  const placeholders = await selectAuthorizationsOfRequest(uow.db, { authorization_request_id });
  for (const group of groups) {
    const row = placeholders.find((placeholder) => placeholder.product_type === group.product_type);
    if (row === undefined) continue;
    if (group.rejection === undefined) await approve(uow, request, row, group);
    else await reject(uow, row, group, group.rejection);
  }
}

async function approve(
  uow: UnitOfWork,
  request: RequestRow,
  row: AuthorizationRow,
  group: GroupDecision,
): Promise<void> {
  const authorization_code = await freeCode(uow);
  const sponsor_reference = drawSponsorReference(uow.now);
  const expires_at = uow.now + (await sponsorOf(uow.db, request)).validity_days * day;
  const { authorization_id } = row;
  await updateApproved(uow.db, {
    authorization_id,
    authorization_code,
    sponsor_reference,
    expires_at,
    decided_at: uow.now,
  }).catch((error: unknown) => {
    // Another process took the code in between: the whole decision runs again.
    throw failureKind(error) === 'unique' ? new TryAgain() : error;
  });
  await setQuantities(uow, row, group);
  await uow.schedule({ kind: expiryWork, subject_id: row.authorization_id, due_at: expires_at });
  await recordEvent(uow, 'authorization.created', row.authorization_id, {
    authorization_id: row.authorization_id,
    authorization_code,
    authorization_request_id: row.authorization_request_id,
    beneficiary_id: row.beneficiary_id,
    sponsor_slug: row.sponsor_slug,
    product_type: row.product_type,
    products: group.lines
      .filter((line) => line.authorized_quantity > 0)
      .map((line) => ({
        product_code: line.product_code,
        quantity: line.authorized_quantity,
        posology: line.posology ?? null,
      })),
    expires_at: isoTimestamp(expires_at),
    sponsor_reference,
    additional_data: {},
  });
}

async function reject(
  uow: UnitOfWork,
  row: AuthorizationRow,
  group: GroupDecision,
  rejection: { readonly code: RejectionCode; readonly reason: string },
): Promise<void> {
  const sponsor_reference = drawSponsorReference(uow.now);
  await updateRejected(uow.db, {
    authorization_id: row.authorization_id,
    rejection_code: rejection.code,
    rejection_reason: rejection.reason,
    sponsor_reference,
    decided_at: uow.now,
  });
  await recordEvent(uow, 'authorization.rejected', row.authorization_id, {
    authorization_id: row.authorization_id,
    authorization_request_id: row.authorization_request_id,
    beneficiary_id: row.beneficiary_id,
    sponsor_slug: row.sponsor_slug,
    product_type: row.product_type,
    products: group.lines.map(({ product_code, quantity, posology = null }) => ({
      product_code,
      quantity,
      posology,
    })),
    rejection_reason: rejection.reason,
    rejection_code: rejection.code,
    rejected_at: isoTimestamp(uow.now),
    sponsor_reference,
  });
}

async function setQuantities(
  uow: UnitOfWork,
  { authorization_id }: AuthorizationRow,
  group: GroupDecision,
): Promise<void> {
  for (const [line, { authorized_quantity }] of group.lines.entries()) {
    await setAuthorizedQuantity(uow.db, { authorization_id, line, authorized_quantity });
  }
}

async function freeCode(uow: UnitOfWork): Promise<string> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const authorization_code = drawAuthorizationCode(uow.now, attempt);
    if ((await selectHolderOfCode(uow.db, { authorization_code })).length === 0) return authorization_code;
  }
  throw fault('071-503', { cause: new Error('No free authorization code') });
}
