import type { AuthorizationRequestStatus, AuthorizationStatus } from '@osigu-sandbox/contract';
import type { Insertable, Selectable } from 'kysely';
import type {
  AuthorizationLineTable,
  AuthorizationRequestTable,
  AuthorizationTable,
  FileTable,
} from '../../store/database.ts';
import { rowLock } from '../../store/row-lock.ts';
import { change, type Executor, statement } from '../../store/statement.ts';

export type RequestRow = Selectable<AuthorizationRequestTable>;
export type AuthorizationRow = Selectable<AuthorizationTable>;
export type LineRow = Selectable<AuthorizationLineTable>;
export type FileRow = Selectable<FileTable>;
export type NewRequestRow = Omit<RequestRow, 'failed_evaluations'>;
export type NewLineRow = Omit<Insertable<AuthorizationLineTable>, 'held_quantity' | 'redeemed_quantity'>;

type Fields<T> = T & Record<string, unknown>;
type Key<Name extends string> = Record<'provider_id' | Name, string>;

export const insertRequest = change<Fields<NewRequestRow>>((db, row) =>
  db.insertInto('authorization_requests').values({
    authorization_request_id: row.authorization_request_id,
    number: row.number,
    provider_id: row.provider_id,
    beneficiary_id: row.beneficiary_id,
    sponsor_slug: row.sponsor_slug,
    status: row.status,
    diagnoses: row.diagnoses,
    products: row.products,
    authorization_type: row.authorization_type,
    professional_license_number: row.professional_license_number,
    service_type_code: row.service_type_code,
    provider_branch_id: row.provider_branch_id,
    provider_slugs: row.provider_slugs,
    beneficiary_email: row.beneficiary_email,
    beneficiary_phone_number: row.beneficiary_phone_number,
    provider_notification_email: row.provider_notification_email,
    created_at: row.created_at,
    updated_at: row.updated_at,
    completed_at: row.completed_at,
  }),
);

export const selectRequest = statement<Key<'authorization_request_id'>, RequestRow>(
  (db, { provider_id, authorization_request_id }) =>
    db
      .selectFrom('authorization_requests')
      .selectAll()
      .where('authorization_request_id', '=', authorization_request_id)
      .where('provider_id', '=', provider_id),
);

/** Moves the status; 0 for whoever lost the race. */
export const updateRequestStatus = change<{
  authorization_request_id: string;
  from: AuthorizationRequestStatus;
  to: AuthorizationRequestStatus;
  now: number;
  completed_at: number | null;
}>((db, { authorization_request_id, from, to, now, completed_at }) =>
  db
    .updateTable('authorization_requests')
    .set({ status: to, updated_at: now, completed_at })
    .where('authorization_request_id', '=', authorization_request_id)
    .where('status', '=', from),
);

export const touchRequest = change<{ authorization_request_id: string; now: number }>(
  (db, { authorization_request_id, now }) =>
    db
      .updateTable('authorization_requests')
      .set({ updated_at: now })
      .where('authorization_request_id', '=', authorization_request_id)
      .where('status', '=', 'PENDING_INDICATION'),
);

export const countFailedEvaluation = change<{ authorization_request_id: string }>(
  (db, { authorization_request_id }) =>
    db
      .updateTable('authorization_requests')
      .set((eb) => ({ failed_evaluations: eb('failed_evaluations', '+', 1) }))
      .where('authorization_request_id', '=', authorization_request_id),
);

/** Answers how often this provider has asked the sponsor, this time included. */
export const countEvaluation = statement<
  { provider_id: string; sponsor_slug: string },
  { evaluations: number }
>((db, { provider_id, sponsor_slug }) =>
  db
    .insertInto('sponsor_evaluations')
    .values({ provider_id, sponsor_slug, evaluations: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['provider_id', 'sponsor_slug'])
        .doUpdateSet((eb) => ({ evaluations: eb('sponsor_evaluations.evaluations', '+', 1) })),
    )
    .returning('evaluations'),
);

/** 0 when the code is taken by any provider: codes are redeemed across them. */
export const insertAuthorization = change<Fields<Insertable<AuthorizationTable>>>((db, row) =>
  db
    .insertInto('authorizations')
    .values({
      authorization_id: row.authorization_id,
      number: row.number,
      provider_id: row.provider_id,
      authorization_request_id: row.authorization_request_id,
      authorization_code: row.authorization_code,
      status: row.status,
      beneficiary_id: row.beneficiary_id,
      person_key: row.person_key,
      sponsor_slug: row.sponsor_slug,
      sponsor_reference: row.sponsor_reference,
      product_type: row.product_type,
      payment_type: row.payment_type,
      provider_slugs: row.provider_slugs,
      rejection_code: row.rejection_code,
      rejection_reason: row.rejection_reason,
      created_at: row.created_at,
      decided_at: row.decided_at,
      expires_at: row.expires_at,
      voided_at: null,
      voided_by: null,
      void_reason: null,
    })
    .onConflict((conflict) => conflict.column('authorization_code').doNothing()),
);

const insertLine = change<Fields<NewLineRow>>((db, row) =>
  db.insertInto('authorization_lines').values({
    authorization_id: row.authorization_id,
    line: row.line,
    product_code: row.product_code,
    quantity: row.quantity,
    authorized_quantity: row.authorized_quantity,
    posology: row.posology,
  }),
);

export async function insertLines(db: Executor, rows: readonly NewLineRow[]): Promise<void> {
  const [only] = rows;
  if (only !== undefined && rows.length === 1) await insertLine(db, { ...only });
  else
    await db
      .insertInto('authorization_lines')
      .values([...rows])
      .execute();
}

export const selectAuthorization = statement<Key<'authorization_id'>, AuthorizationRow>(
  (db, { provider_id, authorization_id }) =>
    db
      .selectFrom('authorizations')
      .selectAll()
      .where('authorization_id', '=', authorization_id)
      .where('provider_id', '=', provider_id),
);

export const selectAuthorizationsOfRequest = statement<
  { authorization_request_id: string },
  AuthorizationRow
>((db, { authorization_request_id }) =>
  db
    .selectFrom('authorizations')
    .selectAll()
    .where('authorization_request_id', '=', authorization_request_id)
    .orderBy('authorization_id'),
);

const selectLinesOfOne = statement<{ authorization_id: string }, LineRow>((db, { authorization_id }) =>
  db
    .selectFrom('authorization_lines')
    .selectAll()
    .where('authorization_id', '=', authorization_id)
    .orderBy('line'),
);

/** The lines of many authorizations in one query, by authorization. */
export async function selectLines(
  db: Executor,
  authorization_ids: readonly string[],
): Promise<Map<string, LineRow[]>> {
  const [authorization_id] = authorization_ids;
  if (authorization_id === undefined) return new Map();
  if (authorization_ids.length === 1) {
    return new Map([[authorization_id, await selectLinesOfOne(db, { authorization_id })]]);
  }
  const rows = await db
    .selectFrom('authorization_lines')
    .selectAll()
    .where('authorization_id', 'in', [...authorization_ids])
    .orderBy('line')
    .execute();
  const lines = new Map<string, LineRow[]>();
  for (const row of rows) lines.set(row.authorization_id, [...(lines.get(row.authorization_id) ?? []), row]);
  return lines;
}

export const insertFile = change<Fields<FileRow>>((db, row) =>
  db.insertInto('files').values({
    file_id: row.file_id,
    number: row.number,
    provider_id: row.provider_id,
    authorization_request_id: row.authorization_request_id,
    file_type: row.file_type,
    file_name: row.file_name,
    content_type: row.content_type,
    size: row.size,
    sha256: row.sha256,
    created_at: row.created_at,
  }),
);

export const insertFileContent = change<{ file_id: string; content: Uint8Array }>(
  (db, { file_id, content }) => db.insertInto('file_contents').values({ file_id, content }),
);

export const selectFilesOfRequest = statement<{ authorization_request_id: string }, FileRow>(
  (db, { authorization_request_id }) =>
    db
      .selectFrom('files')
      .selectAll()
      .where('authorization_request_id', '=', authorization_request_id)
      .orderBy('file_id'),
);

/**
 * Reads an authorization and keeps everybody else who takes from it, gives back or voids it waiting until the end
 * of the transaction.
 */
export const lockAuthorization = statement<{ authorization_id: string }, AuthorizationRow>(
  (db, { authorization_id }) =>
    db
      .selectFrom('authorizations')
      .selectAll()
      .where('authorization_id', '=', authorization_id)
      .modifyEnd(rowLock(db)),
);

/** Something that was redeemed is free again. */
export const updateReleased = change<{ authorization_id: string; status: AuthorizationStatus }>(
  (db, { authorization_id, status }) =>
    db.updateTable('authorizations').set({ status }).where('authorization_id', '=', authorization_id),
);

/** Across all providers, for whoever may redeem it. */
export const selectAuthorizationOfAny = statement<{ authorization_id: string }, AuthorizationRow>(
  (db, { authorization_id }) =>
    db.selectFrom('authorizations').selectAll().where('authorization_id', '=', authorization_id),
);
