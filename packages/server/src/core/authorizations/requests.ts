import type { AuthorizationRequestStatus } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { parseTimestamp } from '../../platform/time.ts';
import { countMatching } from '../../store/counting.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { type JointRequirements, requirementsFor } from '../sponsors/requirements.ts';
import { sponsorOf, sponsorsOf } from '../sponsors/sponsors.ts';
import { requestMachine } from './rules.ts';
import {
  type AuthorizationRow,
  type FileRow,
  type NewRequestRow,
  type RequestRow,
  selectAuthorizationsOfRequest,
  selectFilesOfRequest,
  selectLines,
  selectRequest,
  updateRequestStatus,
} from './store.ts';
import { requestedLines, requestView } from './views.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

export async function requireRequest(
  context: Context,
  authorization_request_id: string,
): Promise<RequestRow> {
  const { provider_id } = context.provider;
  const [row] = await selectRequest(context.db, { provider_id, authorization_request_id });
  if (row === undefined) throw fault('071-404-authorization-request');
  return row;
}

/** What the sponsor demands of a request, by the product types in it. */
export function demandsOn(row: Pick<RequestRow, 'products'>, profile: SponsorProfile): JointRequirements {
  const lines = requestedLines(row);
  return requirementsFor(
    profile,
    lines.map((line) => line.product_type),
  );
}

export function missingIndications(
  row: Pick<RequestRow, 'products'>,
  profile: SponsorProfile,
  files: readonly FileRow[],
): string[] {
  const attached = new Set(files.map((file) => file.file_type));
  return demandsOn(row, profile)
    .indications.filter((rule) => rule.required && !attached.has(rule.file_type))
    .map((rule) => rule.file_type);
}

export async function readRequest(context: Context, authorization_request_id: string) {
  return describeRequest(context, await requireRequest(context, authorization_request_id));
}

export async function describeRequest(context: Context, row: RequestRow) {
  const key = { authorization_request_id: row.authorization_request_id };
  const files = await selectFilesOfRequest(context.db, key);
  const authorizations = await selectAuthorizationsOfRequest(context.db, key);
  const lines = await selectLines(context.db, idsOf(authorizations));
  const missing = missingIndications(row, await sponsorOf(context.db, row), files);
  return requestView(row, { files, missing, authorizations, lines });
}

/** A request that was just initiated has nothing else to be looked up. */
export async function describeFreshRequest({ db }: Pick<Context, 'db'>, row: NewRequestRow) {
  const missing = missingIndications(row, await sponsorOf(db, row), []);
  return requestView(
    { ...row, failed_evaluations: 0 },
    { files: [], missing, authorizations: [], lines: new Map() },
  );
}

export interface RequestFilter {
  readonly status?: AuthorizationRequestStatus;
  readonly sponsor_slug?: string;
  readonly beneficiary_id?: string;
  readonly created_from?: string;
  readonly created_to?: string;
}

/** Newest first, a fixed number of queries however long the page. */
export async function listRequests(
  context: Context,
  filter: RequestFilter,
  page: { readonly limit: number; readonly offset: number },
) {
  let query = context.db
    .selectFrom('authorization_requests')
    .where('provider_id', '=', context.provider.provider_id);
  if (filter.status !== undefined) query = query.where('status', '=', filter.status);
  if (filter.sponsor_slug !== undefined) query = query.where('sponsor_slug', '=', filter.sponsor_slug);
  if (filter.beneficiary_id !== undefined) query = query.where('beneficiary_id', '=', filter.beneficiary_id);
  if (filter.created_from !== undefined)
    query = query.where('created_at', '>=', parseTimestamp(filter.created_from));
  if (filter.created_to !== undefined)
    query = query.where('created_at', '<=', parseTimestamp(filter.created_to));
  const total = await countMatching(context.db, query, page);
  const rows = await query
    .selectAll()
    .orderBy('authorization_request_id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { total, rows: await describeRequests(context, rows) };
}

async function describeRequests(context: Context, rows: readonly RequestRow[]) {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.authorization_request_id);
  const files = await context.db
    .selectFrom('files')
    .selectAll()
    .where('authorization_request_id', 'in', ids)
    .orderBy('file_id')
    .execute();
  const authorizations = await context.db
    .selectFrom('authorizations')
    .selectAll()
    .where('authorization_request_id', 'in', ids)
    .orderBy('authorization_id')
    .execute();
  const lines = await selectLines(context.db, idsOf(authorizations));
  const profileOf = await sponsorsOf(context.db, rows);
  return rows.map((row) => {
    const mine = <T extends { authorization_request_id: string }>(each: T) =>
      each.authorization_request_id === row.authorization_request_id;
    const attached = files.filter(mine);
    const sponsor = profileOf(row);
    return requestView(row, {
      files: attached,
      missing: sponsor === undefined ? [] : missingIndications(row, sponsor, attached),
      authorizations: authorizations.filter(mine),
      lines,
    });
  });
}

function idsOf(authorizations: readonly AuthorizationRow[]): string[] {
  return authorizations.map((each) => each.authorization_id);
}

/** A decision that is still under way comes later and is discarded then. */
export async function cancelRequest(uow: UnitOfWork, authorization_request_id: string) {
  const row = await requireRequest(uow, authorization_request_id);
  const to = step(requestMachine, row.status, 'cancel');
  const won = await updateRequestStatus(uow.db, {
    authorization_request_id,
    from: row.status,
    to,
    now: uow.now,
    completed_at: null,
  });
  if (won === 0) throw fault('071-409-not-cancellable');
  await uow.db
    .updateTable('authorizations')
    .set({
      status: 'VOIDED',
      voided_at: uow.now,
      voided_by: 'PROVIDER',
      void_reason: 'The request was cancelled.',
    })
    .where('authorization_request_id', '=', authorization_request_id)
    .where('status', '=', 'PENDING_SPONSOR')
    .execute();
  return readRequest(uow, authorization_request_id);
}
