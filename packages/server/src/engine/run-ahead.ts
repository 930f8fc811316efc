import { fault } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { realNow } from '../platform/time.ts';
import { change } from '../store/statement.ts';
import { type DueWork, finishDueWork, selectEarlier } from './due-work.ts';
import type { UnitOfWork, UnitsOfWork } from './unit-of-work.ts';
import { type DueHandlers, maxPerLane, runDue } from './worker.ts';

/** Nobody else of the sandbox writes meanwhile. */
const effectsPerTransaction = 32;

const setOffset = change<{ provider_id: string; clock_offset: number }>((db, { provider_id, clock_offset }) =>
  db.updateTable('providers').set({ clock_offset }).where('provider_id', '=', provider_id),
);

export interface Advance {
  readonly units: UnitsOfWork;
  readonly handlers: DueHandlers;
  readonly log: Log;
  readonly provider_id: string;
}

interface Ran {
  /** How many of the claimed rows are dealt with, from the first. */
  readonly passed: number;
  readonly fired: number;
}

/** Runs what comes first of the claimed rows, at its moment on the clock. */
export function runFirst(advance: Advance, claimed: readonly DueWork[]): Promise<Ran> {
  const [first] = claimed;
  const run = first !== undefined && isErrand(advance.handlers, first) ? runErrands : runEffects;
  return run(advance, claimed);
}

export function isErrand(handlers: DueHandlers, work: DueWork): boolean {
  const handler = handlers[work.kind];
  return handler !== undefined && 'errand' in handler;
}

/** Never backwards: whoever is behind changes nothing. */
export function moveClock(units: UnitsOfWork, provider_id: string, moment: number): Promise<number> {
  return units.run(provider_id, async (uow) => (await moveTo(uow, moment)).now, { lock: 'exclusive' });
}

async function moveTo(uow: UnitOfWork, moment: number): Promise<UnitOfWork> {
  const { provider_id, clock_offset: before } = uow.provider;
  const moved = uow.at(moment);
  const { clock_offset } = moved.provider;
  if (clock_offset === before) return uow;
  if ((await setOffset(uow.db, { provider_id, clock_offset })) === 0) throw fault('071-404-provider');
  return moved;
}

/** The errands of one moment, beside each other as far as one lane allows. */
async function runErrands(
  { units, handlers, log, provider_id }: Advance,
  claimed: readonly DueWork[],
): Promise<Ran> {
  const moment = claimed[0]?.due_at ?? 0;
  const errands = leading(claimed, maxPerLane, (work) => work.due_at === moment && isErrand(handlers, work));
  await moveClock(units, provider_id, moment);
  const ran = await Promise.all(errands.map((work) => runDue(units, handlers, log, work)));
  return { passed: errands.length, fired: ran.filter(Boolean).length };
}

/**
 * Effects one after the other in the order they were written, many in one transaction, for a commit costs as much as
 * they do. When one fails nothing of it has happened, and the first of them runs alone.
 */
async function runEffects(advance: Advance, claimed: readonly DueWork[]): Promise<Ran> {
  const { units, handlers, log, provider_id } = advance;
  const effects = leading(claimed, effectsPerTransaction, (work) => !isErrand(handlers, work));
  if (effects.length > 1) {
    try {
      return await runTogether(advance, effects);
    } catch (error) {
      log.warn({ err: error, provider_id }, 'due work failed among others and runs alone');
    }
  }
  const [first] = effects;
  if (first === undefined) return { passed: 0, fired: 0 };
  await moveClock(units, provider_id, first.due_at);
  return { passed: 1, fired: (await runDue(units, handlers, log, first)) ? 1 : 0 };
}

/** Ends early where an effect has caused something that comes before the next one. */
function runTogether({ units, handlers, provider_id }: Advance, effects: readonly DueWork[]): Promise<Ran> {
  return units.run(
    provider_id,
    async (uow) => {
      let passed = 0;
      let fired = 0;
      let last = uow;
      for (const work of effects) {
        const { work_id, due_at } = work;
        if (passed > 0) {
          const [earlier] = await selectEarlier(uow.db, { provider_id, due_at, now: realNow() });
          if (earlier !== undefined) break;
        }
        passed += 1;
        if ((await finishDueWork(uow.db, { work_id })) === 0) continue;
        last = last.at(due_at);
        await effectOf(handlers, work)(last, work);
        fired += 1;
      }
      const { clock_offset } = last.provider;
      if (last !== uow && (await setOffset(uow.db, { provider_id, clock_offset })) === 0)
        throw fault('071-404-provider');
      return { passed, fired };
    },
    { lock: 'exclusive' },
  );
}

function effectOf(handlers: DueHandlers, { kind }: DueWork) {
  const handler = handlers[kind];
  if (handler === undefined || !('effect' in handler)) throw new Error(`No effect of kind ${kind}`);
  return handler.effect;
}

function leading(
  rows: readonly DueWork[],
  limit: number,
  belongs: (work: DueWork) => boolean,
): readonly DueWork[] {
  const end = rows.findIndex((work, index) => index === limit || !belongs(work));
  return end === -1 ? rows : rows.slice(0, end);
}
