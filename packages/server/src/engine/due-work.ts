import { newRowId } from '../platform/ids.ts';
import { realNow } from '../platform/time.ts';
import { change, type Executor, statement } from '../store/statement.ts';
import { toRealTime } from './clock.ts';
import type { ProviderContext } from './provider-context.ts';

/**
 * Everything that happens later is a row here: a decision, an expiry, a timeout, a delivery attempt. A row is
 * written with the effect that causes it, claimed with a lease, executed at least once, and removed in the
 * transaction of its own effect.
 */
export interface DueWork {
  readonly work_id: string;
  readonly kind: string;
  readonly subject_id: string;
  readonly provider_id: string;
  readonly lane: string | null;
  /** On the provider's clock, milliseconds. */
  readonly due_at: number;
  readonly due_at_real: number;
  /** This one included. */
  readonly attempts: number;
}

export interface Scheduling {
  readonly kind: string;
  readonly subject_id: string;
  /** On the provider's clock, milliseconds. */
  readonly due_at: number;
  readonly lane?: string;
}

type NewRow = Omit<DueWork, 'attempts'>;

const insertRow = change<NewRow & Record<string, unknown>>((db, row) =>
  db
    .insertInto('due_work')
    .values({
      work_id: row.work_id,
      kind: row.kind,
      subject_id: row.subject_id,
      provider_id: row.provider_id,
      lane: row.lane,
      due_at: row.due_at,
      due_at_real: row.due_at_real,
    })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'subject_id']).doUpdateSet((eb) => ({
        work_id: eb.ref('excluded.work_id'),
        due_at: eb.ref('excluded.due_at'),
        due_at_real: eb.ref('excluded.due_at_real'),
        lease_until_real: 0,
        attempts: 0,
      })),
    ),
);

/** Writes the row, or moves the one there is for the same subject. Answers the real time at which it falls due. */
export async function insertDueWork(
  db: Executor,
  provider: ProviderContext,
  scheduling: Scheduling,
): Promise<number> {
  const due_at_real = toRealTime(scheduling.due_at, provider.clock_offset);
  await insertRow(db, {
    work_id: newRowId(),
    kind: scheduling.kind,
    subject_id: scheduling.subject_id,
    provider_id: provider.provider_id,
    lane: scheduling.lane ?? null,
    due_at: scheduling.due_at,
    due_at_real,
  });
  return due_at_real;
}

export const removeDueWork = change<{ kind: string; subject_id: string }>((db, { kind, subject_id }) =>
  db.deleteFrom('due_work').where('kind', '=', kind).where('subject_id', '=', subject_id),
);

/** Removes a claimed row; 0 when somebody else did, or when it was moved meanwhile. */
export const finishDueWork = change<{ work_id: string }>((db, { work_id }) =>
  db.deleteFrom('due_work').where('work_id', '=', work_id),
);

/** Gives a row back, not to be claimed before `lease_until_real`. */
export const postponeDueWork = change<{ work_id: string; lease_until_real: number }>(
  (db, { work_id, lease_until_real }) =>
    db.updateTable('due_work').set({ lease_until_real }).where('work_id', '=', work_id),
);

/** The next moment after `now` at which anything falls due, in real time. */
export const nextDueAfter = statement<{ now: number }, { due_at_real: number }>((db, { now }) =>
  db
    .selectFrom('due_work')
    .select('due_at_real')
    .where('due_at_real', '>', now)
    .orderBy('due_at_real')
    .limit(1),
);

/** Whether a provider has a row that falls due before `due_at` on its clock and that nobody has claimed. */
export const selectEarlier = statement<
  { provider_id: string; due_at: number; now: number },
  { work_id: string }
>((db, { provider_id, due_at, now }) =>
  db
    .selectFrom('due_work')
    .select('work_id')
    .where('provider_id', '=', provider_id)
    .where('due_at', '<', due_at)
    .where('lease_until_real', '<=', now)
    .limit(1),
);

/** How much there is and how late the oldest of it is: the operator's first look at a stall. */
export async function dueWorkBacklog(db: Executor): Promise<{ rows: number; oldest_age_ms: number }> {
  const now = realNow();
  const row = await db
    .selectFrom('due_work')
    .select((eb) => [eb.fn.countAll<number>().as('rows'), eb.fn.min('due_at_real').as('oldest')])
    .executeTakeFirstOrThrow();
  const oldest = row.oldest === null ? now : Number(row.oldest);
  return { rows: Number(row.rows), oldest_age_ms: Math.max(now - oldest, 0) };
}
