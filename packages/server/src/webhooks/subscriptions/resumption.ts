import type { DueHandler } from '../../engine/run-due.ts';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { newRowId } from '../../platform/ids.ts';
import { typesDelivered } from '../deliveries/listing.ts';
import { scheduleAttempts } from '../enqueue.ts';
import { type Position, positionsIn } from '../ranges.ts';
import { findSubscription, rowsAtOnce, selectPending } from './store.ts';

/** The due work of scheduling what else was kept for a resumed subscription; its subject says what that is. */
export const resumptionKind = 'webhook.resumption';

interface Kept {
  readonly subscription_id: string;
  /** What comes after this was not scheduled yet. */
  readonly after: Position;
  /** What was recorded later is scheduled already. */
  readonly to: number;
}

/** Schedules what a subscription was kept waiting for, oldest first, and the rest of it as work that is due now. */
export async function scheduleKept(uow: UnitOfWork, { subscription_id, after, to }: Kept): Promise<void> {
  const { provider_id } = uow.provider;
  const [subscription] = await findSubscription(uow.db, { provider_id, subscription_id });
  if (subscription?.status !== 'ACTIVE') return;
  const equal = { subscription_id: [subscription_id], status: ['PENDING'], event_type: typesDelivered };
  const positions = await positionsIn(
    uow.db,
    { table: 'deliveries', id: 'delivery_id', equal, after, to },
    { order: 'asc', limit: rowsAtOnce, offset: 0 },
  );
  // Also those that have a row of due work still: an attempt may just now be giving up because of the pause.
  const pending = await selectPending(uow.db, {
    delivery_ids: JSON.stringify(positions.map(({ id }) => id)),
  });
  // A retry keeps its time when that is still to come.
  const due = pending.map((row) => ({ ...row, due_at: Math.max(row.next_attempt_at ?? 0, uow.now) }));
  await scheduleAttempts(uow, due);
  const last = positions[rowsAtOnce - 1];
  if (last === undefined) return;
  const rest: Kept = { subscription_id, after: last, to };
  await uow.schedule({
    kind: resumptionKind,
    subject_id: JSON.stringify({ ...rest, id: newRowId() }),
    due_at: uow.now,
  });
}

export const resumptionWork: DueHandler = {
  effect: (uow, { subject_id }) => scheduleKept(uow, JSON.parse(subject_id) as Kept),
};
