import { fault } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { realNow } from '../platform/time.ts';
import { change } from '../store/statement.ts';
import { connectionsInAll } from './connections.ts';
import { type DueWork, finishDueWork, selectEarlier } from './due-work.ts';
import { leaseMargin, type Turn, untilBegun } from './lanes.ts';
import { type DueHandlers, isErrand, runDue } from './run-due.ts';
import type { UnitOfWork, UnitsOfWork } from './unit-of-work.ts';

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
  /** Which of its worlds is moved: `reset_at_real`. */
  readonly world: number | null;
}

/** The provider was reset or restored: the world that was moved is gone, and the present one keeps its clock. */
export class WorldGone extends Error {}

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

/** Never backwards: whoever is behind changes nothing. */
export function moveClock({ units, provider_id, world }: Advance, moment: number): Promise<number> {
  const move = async (uow: UnitOfWork) => {
    requireWorld(uow, world);
    return (await moveTo(uow, moment)).now;
  };
  return units.run(provider_id, move, { lock: 'exclusive' });
}

function requireWorld({ provider }: UnitOfWork, world: number | null): void {
  if (provider.reset_at_real !== world) throw new WorldGone();
}

async function moveTo(uow: UnitOfWork, moment: number): Promise<UnitOfWork> {
  const { provider_id, clock_offset: before } = uow.provider;
  const moved = uow.at(moment);
  const { clock_offset } = moved.provider;
  if (clock_offset === before) return uow;
  if ((await setOffset(uow.db, { provider_id, clock_offset })) === 0) throw fault('071-404-provider');
  return moved;
}

/** Rows are claimed for longer than what is begun together takes, so nobody waits for a turn. */
const atOnce: Turn = untilBegun;

function runAlone({ units, handlers, log }: Advance, work: DueWork): Promise<boolean> {
  return runDue(units, handlers, log, { work, leasedUntil: realNow() + leaseMargin }, atOnce);
}

/** The errands of one moment, beside each other as far as one lane and the order within it allow. */
async function runErrands(advance: Advance, claimed: readonly DueWork[]): Promise<Ran> {
  const { handlers } = advance;
  const moment = claimed[0]?.due_at ?? 0;
  const keys = new Set<string>();
  const isFirst = ({ lane, sequence_key }: DueWork) => {
    if (sequence_key === null) return true;
    const known = keys.size;
    return keys.add(`${lane} ${sequence_key}`).size > known;
  };
  const errands = leading(
    claimed,
    connectionsInAll,
    (work) => work.due_at === moment && isErrand(handlers, work) && isFirst(work),
  );
  await moveClock(advance, moment);
  const ran = await Promise.all(errands.map((work) => runAlone(advance, work)));
  return { passed: errands.length, fired: ran.filter(Boolean).length };
}

/**
 * Effects one after the other in the order they were written, many in one transaction, for a commit costs as much as
 * they do. When one fails nothing of it has happened, and the first of them runs alone.
 */
async function runEffects(advance: Advance, claimed: readonly DueWork[]): Promise<Ran> {
  const { handlers, log, provider_id } = advance;
  const effects = leading(claimed, effectsPerTransaction, (work) => !isErrand(handlers, work));
  if (effects.length > 1) {
    try {
      return await runTogether(advance, effects);
    } catch (error) {
      if (error instanceof WorldGone) throw error;
      log.warn({ err: error, provider_id }, 'due work failed among others and runs alone');
    }
  }
  const [first] = effects;
  if (first === undefined) return { passed: 0, fired: 0 };
  await moveClock(advance, first.due_at);
  return { passed: 1, fired: (await runAlone(advance, first)) ? 1 : 0 };
}

/** Ends early where an effect has caused something that comes before the next one. */
function runTogether(
  { units, handlers, provider_id, world }: Advance,
  effects: readonly DueWork[],
): Promise<Ran> {
  return units.run(
    provider_id,
    async (uow) => {
      requireWorld(uow, world);
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
