import type { RejectionCode } from '@osigu-sandbox/contract';
import { change, statement } from '../../../store/statement.ts';

// What a decision that comes later writes; ten thousand may fall due in the same second.

interface Approval extends Record<string, unknown> {
  readonly authorization_id: string;
  readonly authorization_code: string;
  readonly sponsor_reference: string;
  readonly expires_at: number;
  readonly decided_at: number;
}

/** Fails with `unique` when somebody took the code in between. */
export const updateApproved = change<Approval>((db, approval) =>
  db
    .updateTable('authorizations')
    .set({
      status: 'APPROVED',
      authorization_code: approval.authorization_code,
      sponsor_reference: approval.sponsor_reference,
      expires_at: approval.expires_at,
      decided_at: approval.decided_at,
    })
    .where('authorization_id', '=', approval.authorization_id),
);

interface Rejection extends Record<string, unknown> {
  readonly authorization_id: string;
  readonly rejection_code: RejectionCode;
  readonly rejection_reason: string;
  readonly sponsor_reference: string;
  readonly decided_at: number;
}

export const updateRejected = change<Rejection>((db, rejection) =>
  db
    .updateTable('authorizations')
    .set({
      status: 'REJECTED',
      rejection_code: rejection.rejection_code,
      rejection_reason: rejection.rejection_reason,
      sponsor_reference: rejection.sponsor_reference,
      decided_at: rejection.decided_at,
    })
    .where('authorization_id', '=', rejection.authorization_id),
);

export const setAuthorizedQuantity = change<{
  authorization_id: string;
  line: number;
  authorized_quantity: number;
}>((db, { authorization_id, line, authorized_quantity }) =>
  db
    .updateTable('authorization_lines')
    .set({ authorized_quantity })
    .where('authorization_id', '=', authorization_id)
    .where('line', '=', line),
);

export const selectHolderOfCode = statement<{ authorization_code: string }, { authorization_id: string }>(
  (db, { authorization_code }) =>
    db
      .selectFrom('authorizations')
      .select('authorization_id')
      .where('authorization_code', '=', authorization_code),
);
