import { fault } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { realNow, second, sleep } from '../platform/time.ts';
import { change } from '../store/statement.ts';
import { claimEarliest } from './claim.ts';
import { providerNow } from './clock.ts';
import type { DueWork } from './due-work.ts';
import type { UnitsOfWork } from './unit-of-work.ts';
import { type DueHandlers, maxPerLane, runDue } from './worker.ts';

export interface Advanced {
  /** The provider's clock after, milliseconds. */
  readonly now: number;
  /** How many pieces of due work ran. */
  readonly fired: number;
}

const batchSize = 100;
/** Work that another worker holds is waited for this long. */
const patience = 60 * second;

const setOffset = change<{ provider_id: string; clock_offset: number }>((db, { provider_id, clock_offset }) =>
  db.updateTable('providers').set({ clock_offset }).where('provider_id', '=', provider_id),
);

/** Rewrites when the provider's rows fall due in real time; harmless to repeat. */
const realignDueWork = change<{ provider_id: string }>((db, { provider_id }) =>
  db
    .updateTable('due_work')
    .set((eb) => ({
      due_at_real: eb(
        'due_at',
        '-',
        eb.selectFrom('providers').select('clock_offset').where('provider_id', '=', provider_id).$asScalar(),
      ),
    }))
    .where('provider_id', '=', provider_id),
);

/**
 * After a crash: rows of a clock that was being advanced may be out of line; and what the dead process had claimed is
 * free at once where it was the only one, instead of when its leases end.
 */
export async function recoverDueWork(units: UnitsOfWork): Promise<void> {
  if (units.store.dialect === 'sqlite') {
    await units.store.db
      .updateTable('due_work')
      .set({ lease_until_real: 0 })
      .where('lease_until_real', '>', 0)
      .execute();
  }
  const moved = await units.store.db
    .selectFrom('providers')
    .select('provider_id')
    .where('clock_offset', '>', 0)
    .execute();
  for (const { provider_id } of moved) await realignDueWork(units.store.db, { provider_id });
}

/**
 * Moves a provider's clock forward to `target` (on that clock). Everything due in between runs in order before
 * this returns, what it causes included; each piece sees its own moment on the clock. Other providers are untouched.
 */
export async function advanceClock(
  units: UnitsOfWork,
  handlers: DueHandlers,
  log: Log,
  provider_id: string,
  target: number,
): Promise<Advanced> {
  let fired = 0;
  const giveUpAt = realNow() + patience;
  for (;;) {
    const batch = await claimEarliest(units.store, provider_id, target, batchSize);
    const [first] = batch;
    if (first !== undefined) {
      await moveClock(units, provider_id, first.due_at);
      fired += await runBatch(units, handlers, log, batch);
      continue;
    }
    if (!(await leasedElsewhere(units, provider_id, target)) || realNow() > giveUpAt) break;
    await sleep(5);
  }
  const now = await moveClock(units, provider_id, target);
  await realignDueWork(units.store.db, { provider_id });
  return { now, fired };
}

/** Never backwards: whoever is behind changes nothing. */
function moveClock(units: UnitsOfWork, provider_id: string, moment: number): Promise<number> {
  return units.run(
    provider_id,
    async (uow) => {
      const clock_offset = Math.ceil(moment - realNow());
      if (clock_offset <= uow.provider.clock_offset) return uow.now;
      if ((await setOffset(uow.db, { provider_id, clock_offset })) === 0) throw fault('071-404-provider');
      return providerNow(clock_offset);
    },
    { lock: 'exclusive' },
  );
}

/** Effects one after the other in the order they were written; errands of one moment beside each other, by lane. */
async function runBatch(
  units: UnitsOfWork,
  handlers: DueHandlers,
  log: Log,
  batch: readonly DueWork[],
): Promise<number> {
  let fired = 0;
  const run = async (work: DueWork) => {
    if (await runDue(units, handlers, log, work)) fired += 1;
  };
  const errands: DueWork[] = [];
  for (const work of batch) {
    const handler = handlers[work.kind];
    if (handler !== undefined && 'errand' in handler) errands.push(work);
    else await run(work);
  }
  for (let start = 0; start < errands.length; start += maxPerLane) {
    await Promise.all(errands.slice(start, start + maxPerLane).map(run));
  }
  return fired;
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
