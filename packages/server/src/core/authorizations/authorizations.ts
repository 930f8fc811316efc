import type { AuthorizationStatus, PaymentType, VoidActor } from '@osigu-sandbox/contract';
import type { DueHandler } from '../../engine/run-due.ts';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, type Issue, rejectIssues } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { isoTimestamp, parseTimestamp } from '../../platform/time.ts';
import { countMatching } from '../../store/counting.ts';
import { recordEvent } from '../../webhooks/events.ts';
import { findProduct } from '../catalogues/catalogue.ts';
import { release } from '../dispensing/quantities/quantities.ts';
import { expiryWork } from './grant.ts';
import { authorizationMachine } from './rules.ts';
import {
  type AuthorizationRow,
  lockAuthorization,
  selectAuthorization,
  selectLines,
  updateReleased,
} from './store.ts';
import { authorizationView } from './views.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

export async function requireAuthorization(
  context: Context,
  authorization_id: string,
): Promise<AuthorizationRow> {
  const { provider_id } = context.provider;
  const [row] = await selectAuthorization(context.db, { provider_id, authorization_id });
  if (row === undefined) throw fault('071-404-authorization');
  return row;
}

/** Nobody redeems, holds or changes it until the end of the transaction. */
async function lockOwn(uow: UnitOfWork, authorization_id: string): Promise<AuthorizationRow> {
  await requireAuthorization(uow, authorization_id);
  const [row] = await lockAuthorization(uow.db, { authorization_id });
  if (row === undefined) throw fault('071-404-authorization');
  return row;
}

export async function readAuthorization(context: Context, authorization_id: string) {
  const row = await requireAuthorization(context, authorization_id);
  const lines = await selectLines(context.db, [authorization_id]);
  return authorizationView(row, lines.get(authorization_id) ?? []);
}

export interface AuthorizationFilter {
  readonly code?: string;
  readonly status?: AuthorizationStatus;
  readonly beneficiary_id?: string;
}

/** Newest first. */
export async function listAuthorizations(
  context: Context,
  filter: AuthorizationFilter,
  page: { readonly limit: number; readonly offset: number },
) {
  let query = context.db.selectFrom('authorizations').where('provider_id', '=', context.provider.provider_id);
  if (filter.code !== undefined) query = query.where('authorization_code', '=', filter.code);
  if (filter.status !== undefined) query = query.where('status', '=', filter.status);
  if (filter.beneficiary_id !== undefined) query = query.where('beneficiary_id', '=', filter.beneficiary_id);
  const total = await countMatching(context.db, query, page);
  const rows = await query
    .selectAll()
    .orderBy('authorization_id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const lines = await selectLines(
    context.db,
    rows.map((row) => row.authorization_id),
  );
  return {
    total,
    rows: rows.map((row) => authorizationView(row, lines.get(row.authorization_id) ?? [])),
  };
}

/** Only APPROVED and untouched: neither redeemed nor held by an open dispensation or claim. */
export async function voidAuthorization(
  uow: UnitOfWork,
  authorization_id: string,
  voided_by: Exclude<VoidActor, 'EXPIRY'>,
  reason: string | undefined,
) {
  const row = await lockOwn(uow, authorization_id);
  step(authorizationMachine, row.status, 'void');
  await end(uow, row, 'VOIDED', voided_by, reason ?? null);
  return readAuthorization(uow, authorization_id);
}

/**
 * Expiry happens by itself and is reported as voided (D). What an open dispensation or claim holds may still be
 * completed.
 */
export const expiryHandler: DueHandler = {
  effect: async (uow, { subject_id }) => {
    const row = await lockOwn(uow, subject_id);
    if (row.expires_at === null || (row.status !== 'APPROVED' && row.status !== 'PARTIALLY_REDEEMED')) return;
    if (row.expires_at > uow.now) {
      await uow.schedule({ kind: expiryWork, subject_id, due_at: row.expires_at });
      return;
    }
    await expire(uow, row);
  },
};

/**
 * A completed claim is voided: what it redeemed is free again. Nobody noticed the end of the validity while everything
 * was redeemed; where it is over by now, nothing can be taken any more.
 */
export async function releaseRedeemed(
  owner: UnitOfWork,
  authorization_id: string,
  taken: readonly { readonly source_line: number; readonly quantity: number }[],
): Promise<void> {
  const [row] = await lockAuthorization(owner.db, { authorization_id });
  // A reset of the owner was faster.
  if (row === undefined) return;
  // So was a restore, to a time before the redemption.
  if ((await release(owner.db, authorization_id, taken)) === 0) return;
  const lines = (await selectLines(owner.db, [authorization_id])).get(authorization_id) ?? [];
  const redeemed = lines.some((line) => line.redeemed_quantity > 0);
  const status = step(authorizationMachine, row.status, redeemed ? 'release_part' : 'release_all');
  if (status === row.status) return;
  await updateReleased(owner.db, { authorization_id, status });
  if (row.expires_at !== null && row.expires_at <= owner.now) await expire(owner, { ...row, status });
}

async function expire(uow: UnitOfWork, row: AuthorizationRow): Promise<void> {
  await end(uow, row, 'EXPIRED', 'EXPIRY', 'The validity is over.');
}

async function end(
  uow: UnitOfWork,
  row: AuthorizationRow,
  status: 'VOIDED' | 'EXPIRED',
  voided_by: VoidActor,
  void_reason: string | null,
): Promise<void> {
  const { authorization_id } = row;
  const held = uow.db
    .selectFrom('authorization_lines')
    .select('line')
    .where('authorization_id', '=', authorization_id)
    .where('held_quantity', '>', 0);
  let change = uow.db
    .updateTable('authorizations')
    .set({ status, voided_at: uow.now, voided_by, void_reason })
    .where('authorization_id', '=', authorization_id)
    .where('status', '=', row.status);
  if (status === 'VOIDED') change = change.where(({ not, exists }) => not(exists(held)));
  const { numUpdatedRows } = await change.executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw fault('071-409-not-voidable');
  if (status === 'VOIDED') await uow.unschedule(expiryWork, authorization_id);
  await recordEvent(uow, 'authorization.voided', authorization_id, {
    authorization_id,
    authorization_code: row.authorization_code,
    voided_by,
    reason: void_reason,
    voided_at: isoTimestamp(uow.now),
  });
}

export interface AuthorizationChange {
  readonly payment_type?: PaymentType;
  readonly expires_at?: string;
  readonly substitution?: { readonly product_code: string; readonly substitute_product_code: string };
}

/** What a sponsor may change of an approval afterwards (D): payment type, validity, a product. */
export async function updateAuthorization(
  uow: UnitOfWork,
  authorization_id: string,
  change: AuthorizationChange,
) {
  const row = await lockOwn(uow, authorization_id);
  const lines = (await selectLines(uow.db, [authorization_id])).get(authorization_id) ?? [];
  rejectIssues(wrongChange(uow, change, lines));
  step(authorizationMachine, row.status, 'update');
  const changes = [
    ...(await changePayment(uow, row, change.payment_type)),
    ...(await changeExpiry(uow, row, change.expires_at)),
    ...(await substitute(uow, row, change.substitution)),
  ];
  if (changes.length > 0) {
    await recordEvent(uow, 'authorization.updated', authorization_id, {
      authorization_id,
      authorization_code: row.authorization_code,
      changes,
      updated_at: isoTimestamp(uow.now),
    });
  }
  return readAuthorization(uow, authorization_id);
}

function wrongChange(
  uow: UnitOfWork,
  { payment_type, expires_at, substitution }: AuthorizationChange,
  lines: readonly { product_code: string; held_quantity: number; redeemed_quantity: number }[],
): Issue[] {
  const issues: Issue[] = [];
  if (payment_type === undefined && expires_at === undefined && substitution === undefined) {
    issues.push({ path: '', message: 'names nothing to change' });
  }
  if (expires_at !== undefined && parseTimestamp(expires_at) <= uow.now) {
    issues.push({ path: 'expires_at', message: 'must lie in the future' });
  }
  if (substitution === undefined) return issues;
  const line = lines.find((each) => each.product_code === substitution.product_code);
  if (line === undefined) {
    issues.push({ path: 'substitution.product_code', message: 'is not on the authorization' });
  } else if (line.held_quantity + line.redeemed_quantity > 0) {
    issues.push({ path: 'substitution.product_code', message: 'is already being dispensed' });
  }
  if (findProduct(substitution.substitute_product_code) === undefined) {
    issues.push({ path: 'substitution.substitute_product_code', message: 'is not in the catalogue' });
  }
  return issues;
}

interface Change {
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

async function changePayment(
  uow: UnitOfWork,
  row: AuthorizationRow,
  payment_type: PaymentType | undefined,
): Promise<Change[]> {
  if (payment_type === undefined || payment_type === row.payment_type) return [];
  await setMembers(uow, row, { payment_type });
  return [{ field: 'payment_type', from: row.payment_type, to: payment_type }];
}

async function changeExpiry(
  uow: UnitOfWork,
  row: AuthorizationRow,
  text: string | undefined,
): Promise<Change[]> {
  if (text === undefined) return [];
  const expires_at = parseTimestamp(text);
  await setMembers(uow, row, { expires_at });
  await uow.schedule({ kind: expiryWork, subject_id: row.authorization_id, due_at: expires_at });
  const from = row.expires_at === null ? null : isoTimestamp(row.expires_at);
  return [{ field: 'expires_at', from, to: isoTimestamp(expires_at) }];
}

async function substitute(
  uow: UnitOfWork,
  row: AuthorizationRow,
  substitution: AuthorizationChange['substitution'],
): Promise<Change[]> {
  if (substitution === undefined) return [];
  const { product_code, substitute_product_code } = substitution;
  await uow.db
    .updateTable('authorization_lines')
    .set({ product_code: substitute_product_code })
    .where('authorization_id', '=', row.authorization_id)
    .where('product_code', '=', product_code)
    .execute();
  return [{ field: 'product_code', from: product_code, to: substitute_product_code }];
}

async function setMembers(
  uow: UnitOfWork,
  row: AuthorizationRow,
  members: { payment_type?: PaymentType; expires_at?: number },
): Promise<void> {
  await uow.db
    .updateTable('authorizations')
    .set(members)
    .where('authorization_id', '=', row.authorization_id)
    .execute();
}
