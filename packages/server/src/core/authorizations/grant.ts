import type { AuthorizationStatus } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { day } from '../../platform/time.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { drawAuthorizationCode, drawSponsorReference, maxTries } from './codes.ts';
import type { GroupDecision } from './decision.ts';
import {
  type AuthorizationRow,
  insertAuthorization,
  insertLines,
  type LineRow,
  type RequestRow,
} from './store.ts';

export const expiryWork = 'authorization.expiry';

export interface Granted {
  readonly row: AuthorizationRow;
  readonly lines: LineRow[];
}

interface Owner {
  readonly request: RequestRow;
  readonly person_key: string;
  readonly profile: SponsorProfile;
}

/** Writes the authorization of one product type as the sponsor decided it. */
export async function grant(uow: UnitOfWork, owner: Owner, group: GroupDecision): Promise<Granted> {
  const approved = group.rejection === undefined;
  const expires_at = approved ? uow.now + owner.profile.validity_days * day : null;
  const row = await insertWithCode(uow, owner, group, {
    status: approved ? 'APPROVED' : 'REJECTED',
    rejection_code: group.rejection?.code ?? null,
    rejection_reason: group.rejection?.reason ?? null,
    sponsor_reference: drawSponsorReference(uow.now),
    decided_at: uow.now,
    expires_at,
  });
  if (expires_at !== null) {
    await uow.schedule({ kind: expiryWork, subject_id: row.authorization_id, due_at: expires_at });
  }
  return { row, lines: await writeLines(uow, row.authorization_id, group) };
}

/** A placeholder without code and quantities, until the asynchronous sponsor decides (D). */
export async function placeHolder(uow: UnitOfWork, owner: Owner, group: GroupDecision): Promise<Granted> {
  const row = await insertWithCode(uow, owner, group, {
    status: 'PENDING_SPONSOR',
    rejection_code: null,
    rejection_reason: null,
    sponsor_reference: null,
    decided_at: null,
    expires_at: null,
  });
  return { row, lines: await writeLines(uow, row.authorization_id, group) };
}

type Outcome = Pick<
  AuthorizationRow,
  'status' | 'rejection_code' | 'rejection_reason' | 'sponsor_reference' | 'decided_at' | 'expires_at'
>;

async function insertWithCode(
  uow: UnitOfWork,
  { request, person_key }: Owner,
  group: GroupDecision,
  outcome: Outcome,
): Promise<AuthorizationRow> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const row: AuthorizationRow = {
      authorization_id: newId('authorization'),
      number: uow.numbers.next('authorization'),
      provider_id: uow.provider.provider_id,
      authorization_request_id: request.authorization_request_id,
      authorization_code: hasCode(outcome.status) ? drawAuthorizationCode(uow.now, attempt) : null,
      beneficiary_id: request.beneficiary_id,
      person_key,
      sponsor_slug: request.sponsor_slug,
      product_type: group.product_type,
      payment_type: 'DIRECT_PAYMENT',
      provider_slugs: request.provider_slugs,
      created_at: uow.now,
      voided_at: null,
      voided_by: null,
      void_reason: null,
      ...outcome,
    };
    if ((await insertAuthorization(uow.db, { ...row })) === 1) return row;
  }
  throw fault('071-503', { cause: new Error('No free authorization code') });
}

function hasCode(status: AuthorizationStatus): boolean {
  return status === 'APPROVED';
}

async function writeLines(
  uow: UnitOfWork,
  authorization_id: string,
  group: GroupDecision,
): Promise<LineRow[]> {
  const rows = group.lines.map((line, index) => ({
    authorization_id,
    line: index,
    product_code: line.product_code,
    quantity: line.quantity,
    authorized_quantity: line.authorized_quantity,
    posology: line.posology ?? null,
  }));
  await insertLines(uow.db, rows);
  return rows.map((row) => ({ ...row, held_quantity: 0, redeemed_quantity: 0 }));
}
