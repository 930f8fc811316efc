import type { Log } from '../platform/log.ts';
import { realNow, second, sleep } from '../platform/time.ts';
import { change } from '../store/statement.ts';
import { lookAhead } from './ahead.ts';
import { moveClock, runFirst, WorldGone } from './run-ahead.ts';
import { type DueHandlers, isErrand } from './run-due.ts';
import type { UnitsOfWork } from './unit-of-work.ts';

export interface Advanced {
  /** The provider's clock after, milliseconds. */
  readonly now: number;
  /** How many pieces of due work ran. */
  readonly fired: number;
}

/** Work that another worker holds is waited for this long. */
const patience = 60 * second;

/** Rewrites when the provider's rows fall due in real time, where that is another moment; harmless to repeat. */
const realignDueWork = change<{ provider_id: string }>((db, { provider_id }) => {
  const offset = db
    .selectFrom('providers')
    .select('clock_offset')
    .where('provider_id', '=', provider_id)
    .$asScalar();
  return db
    .updateTable('due_work')
    .set((eb) => ({ due_at_real: eb('due_at', '-', offset) }))
    .where('provider_id', '=', provider_id)
    .where((eb) => eb('due_at_real', '!=', eb('due_at', '-', offset)));
});

/**
 * After a crash: rows of a clock that was being advanced may be out of line; and what the dead process had claimed is
 * free at once where it was the only one, instead of when its leases end. A start looks at what is overdue and at the
 * rows of clocks that were moved, not at all that will ever be due.
 */
export async function recoverDueWork(units: UnitsOfWork): Promise<void> {
  const { db, dialect } = units.store;
  const alone = dialect === 'sqlite';
  const freed = db.updateTable('due_work').set({ lease_until_real: 0 }).where('lease_until_real', '>', 0);
  if (alone) await freed.where('due_at_real', '<=', realNow()).execute();
  const moved = await db
    .selectFrom('providers')
    .select('provider_id')
    .where('clock_offset', '!=', 0)
    .execute();
  for (const { provider_id } of moved) {
    if (alone) await freed.where('provider_id', '=', provider_id).execute();
    await realignDueWork(db, { provider_id });
  }
}

/**
 * Moves a provider's clock forward to `target` (on that clock). Everything due in between runs in order before
 * this returns, what it causes included; each piece sees its own moment on the clock. Other providers are untouched.
 * Where the provider is reset or restored meanwhile, that is the end of it.
 */
export async function advanceClock(
  units: UnitsOfWork,
  handlers: DueHandlers,
  log: Log,
  provider_id: string,
  target: number,
): Promise<Advanced> {
  const world = await units.run(provider_id, async (uow) => uow.provider.reset_at_real);
  const advance = { units, handlers, log, provider_id, world };
  const ahead = lookAhead(units, provider_id, target, (work) => isErrand(handlers, work));
  let fired = 0;
  const giveUpAt = realNow() + patience;
  try {
    for (;;) {
      const claimed = await ahead.look();
      if (claimed.length > 0) {
        const ran = await runFirst(advance, claimed);
        ahead.passed(ran.passed);
        fired += ran.fired;
        continue;
      }
      if (!(await leasedElsewhere(units, provider_id, target)) || realNow() > giveUpAt) break;
      await sleep(5);
    }
    const now = await moveClock(advance, target);
    return { now, fired };
  } catch (error) {
    if (!(error instanceof WorldGone)) throw error;
    return { now: await units.run(provider_id, async (uow) => uow.now), fired };
  } finally {
    await ahead.giveBack();
    await realignDueWork(units.store.db, { provider_id });
  }
}

async function leasedElsewhere(units: UnitsOfWork, provider_id: string, target: number): Promise<boolean> {
  const row = await units.store.db
    .selectFrom('due_work')
    .select('work_id')
    .where('provider_id', '=', provider_id)
    .where('due_at', '<=', target)
    .where('lease_until_real', '>', realNow())
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
