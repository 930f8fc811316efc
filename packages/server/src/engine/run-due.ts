import type { Log } from '../platform/log.ts';
import { minute, realNow, second } from '../platform/time.ts';
import { type DueWork, finishDueWork, postponeDueWork } from './due-work.ts';
import { NoTurn, type Turn } from './lanes.ts';
import type { UnitOfWork, UnitsOfWork } from './unit-of-work.ts';

/**
 * What a kind of due work does. `effect` runs in one transaction with the removal of its row: it happens once.
 * `errand` leaves the process (a delivery), in its `turn`; it removes or moves its row itself and may happen more
 * than once.
 */
export type DueHandler =
  | { readonly effect: (uow: UnitOfWork, work: DueWork) => Promise<void> }
  | { readonly errand: (work: DueWork, turn: Turn) => Promise<void> };

export type DueHandlers = Readonly<Record<string, DueHandler>>;

export function isErrand(handlers: DueHandlers, work: DueWork): boolean {
  const handler = handlers[work.kind];
  return handler !== undefined && 'errand' in handler;
}

/** A row that this process has claimed. */
export interface ClaimedWork {
  readonly work: DueWork;
  readonly leasedUntil: number;
}

/** Runs one claimed row. A failure of ours gives it back with a growing pause; nothing is lost. */
export async function runDue(
  units: UnitsOfWork,
  handlers: DueHandlers,
  log: Log,
  { work, leasedUntil }: ClaimedWork,
  turn: Turn,
): Promise<boolean> {
  const handler = handlers[work.kind];
  try {
    if (handler === undefined) throw new Error(`No handler for due work of kind ${work.kind}`);
    if ('errand' in handler) {
      await handler.errand(work, turn);
      return true;
    }
    return await runEffect(units, handler.effect, work);
  } catch (error) {
    if (error instanceof NoTurn) {
      // After its end the lease may be somebody else's.
      if (realNow() < leasedUntil) await putOff(units, work, 0);
      return false;
    }
    log.error(
      { err: error, kind: work.kind, subject_id: work.subject_id, attempts: work.attempts },
      'due work failed',
    );
    await putOff(units, work, realNow() + Math.min(second * 2 ** Math.min(work.attempts, 10), 5 * minute));
    return false;
  }
}

type Effect = (uow: UnitOfWork, work: DueWork) => Promise<void>;

function runEffect(units: UnitsOfWork, effect: Effect, work: DueWork): Promise<boolean> {
  return units.run(
    work.provider_id,
    async (uow) => {
      if ((await finishDueWork(uow.db, { work_id: work.work_id })) === 0) return false;
      await effect(uow, work);
      return true;
    },
    { notBefore: work.due_at },
  );
}

async function putOff(units: UnitsOfWork, { work_id }: DueWork, lease_until_real: number): Promise<void> {
  // Without this the lease ends by itself.
  await postponeDueWork(units.store.db, { work_id, lease_until_real }).catch(() => undefined);
}
