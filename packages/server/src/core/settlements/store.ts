import type { SettlementStatus } from '@osigu-sandbox/contract';
import type { Selectable } from 'kysely';
import type { SettlementTable } from '../../store/database.ts';
import { rowLock } from '../../store/row-lock.ts';
import { change, type Executor, statement } from '../../store/statement.ts';

export type SettlementRow = Selectable<SettlementTable>;

type Key = { provider_id: string; settlement_id: string };

export const insertSettlement = change<SettlementRow & Record<string, unknown>>((db, row) =>
  db.insertInto('settlements').values({
    settlement_id: row.settlement_id,
    provider_id: row.provider_id,
    sponsor_slug: row.sponsor_slug,
    period: row.period,
    status: row.status,
    currency_code: row.currency_code,
    created_at: row.created_at,
    submitted_at: row.submitted_at,
    resolved_at: row.resolved_at,
  }),
);

export const selectSettlement = statement<Key, SettlementRow>((db, { provider_id, settlement_id }) =>
  db
    .selectFrom('settlements')
    .selectAll()
    .where('settlement_id', '=', settlement_id)
    .where('provider_id', '=', provider_id),
);

/** Reads it and keeps everybody else who changes it waiting, as `lockAuthorization`. */
export const lockSettlement = statement<Key, SettlementRow>((db, { provider_id, settlement_id }) =>
  db
    .selectFrom('settlements')
    .selectAll()
    .where('settlement_id', '=', settlement_id)
    .where('provider_id', '=', provider_id)
    .modifyEnd(rowLock(db)),
);

/** 0 for whoever lost the race; so does the next. */
export const updateSubmitted = change<{ settlement_id: string; now: number }>((db, { settlement_id, now }) =>
  db
    .updateTable('settlements')
    .set({ status: 'SUBMITTED', submitted_at: now })
    .where('settlement_id', '=', settlement_id)
    .where('status', '=', 'OPEN'),
);

export const updateResolved = change<{ settlement_id: string; status: SettlementStatus; now: number }>(
  (db, { settlement_id, status, now }) =>
    db
      .updateTable('settlements')
      .set({ status, resolved_at: now })
      .where('settlement_id', '=', settlement_id)
      .where('status', '=', 'SUBMITTED'),
);

export interface SettlementFilter {
  readonly status?: SettlementStatus;
  readonly sponsor_slug?: string;
  readonly period?: string;
}

/** Newest first. */
export async function listSettlementRows(
  db: Executor,
  provider_id: string,
  { status, sponsor_slug, period }: SettlementFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ total: number; rows: SettlementRow[] }> {
  let matching = db.selectFrom('settlements').where('provider_id', '=', provider_id);
  if (status !== undefined) matching = matching.where('status', '=', status);
  if (sponsor_slug !== undefined) matching = matching.where('sponsor_slug', '=', sponsor_slug);
  if (period !== undefined) matching = matching.where('period', '=', period);
  const { total } = await matching
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const rows = await matching
    .selectAll()
    .orderBy('settlement_id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute();
  return { total: Number(total), rows };
}

/** Across all providers: for the operator. */
export const ownerOfSettlement = statement<{ settlement_id: string }, { provider_id: string }>(
  (db, { settlement_id }) =>
    db.selectFrom('settlements').select('provider_id').where('settlement_id', '=', settlement_id),
);
