import { sql } from 'kysely';
import { newRowId } from '../platform/ids.ts';
import { insertion } from '../store/insertion.ts';
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
  /** Of the rows of a lane with the same key one runs at a time, in the order in which they are due. */
  readonly sequence_key: string | null;
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
  readonly sequence_key?: string;
}

type NewRow = Omit<DueWork, 'attempts'>;

const insertRows = insertion(
  'due_work',
  {
    work_id: 'text',
    kind: 'text',
    subject_id: 'text',
    provider_id: 'text',
    lane: 'text',
    sequence_key: 'text',
    due_at: 'int',
    due_at_real: 'int',
  },
  sql`on conflict (kind, subject_id) do update set work_id = excluded.work_id, due_at = excluded.due_at,
    due_at_real = excluded.due_at_real, lease_until_real = 0, attempts = 0`,
);

/** Writes the row, or moves the one there is for the same subject. Answers the real time at which it falls due. */
export async function insertDueWork(
  db: Executor,
  provider: ProviderContext,
  scheduling: Scheduling,
): Promise<number> {
  const row = rowOf(provider, scheduling);
  await insertRows(db, [row]);
  return row.due_at_real;
}

/** As `insertDueWork`, for many subjects, each named once; what is due at the same moment keeps the order given. */
export function insertManyDueWork(
  db: Executor,
  provider: ProviderContext,
  schedulings: readonly Scheduling[],
): Promise<void> {
  return insertRows(
    db,
    schedulings.map((scheduling) => rowOf(provider, scheduling)),
  );
}

function rowOf(
  { provider_id, clock_offset }: ProviderContext,
  { kind, subject_id, due_at, lane, sequence_key }: Scheduling,
): NewRow {
  return {
    work_id: newRowId(),
    kind,
    subject_id,
    provider_id,
    lane: lane ?? null,
    sequence_key: sequence_key ?? null,
    due_at,
    due_at_real: toRealTime(due_at, clock_offset),
  };
}

export const removeDueWork = change<{ kind: string; subject_id: string }>((db, { kind, subject_id }) =>
  db.deleteFrom('due_work').where('kind', '=', kind).where('subject_id', '=', subject_id),
);

/** Removes a claimed row; 0 when somebody else did, or when it was moved meanwhile. */
export const finishDueWork = change<{ work_id: string }>((db, { work_id }) =>
  db.deleteFrom('due_work').where('work_id', '=', work_id),
);

/** Gives a row back, not to be claimed before `lease_until_real`, also when this process dies meanwhile. */
export const postponeDueWork = change<{ work_id: string; lease_until_real: number }>(
  (db, { work_id, lease_until_real }) =>
    db.updateTable('due_work').set({ lease_until_real, claimed_by: null }).where('work_id', '=', work_id),
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
