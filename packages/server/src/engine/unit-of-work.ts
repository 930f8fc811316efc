import type { Environment } from '@osigu-sandbox/contract';
import { fault } from '../platform/errors.ts';
import type { Numbers } from '../store/numbers.ts';
import type { Executor } from '../store/statement.ts';
import { type Store, savepoint } from '../store/store.ts';
import { offsetAt, providerNow, toRealTime } from './clock.ts';
import { insertDueWork, insertManyDueWork, removeDueWork, type Scheduling } from './due-work.ts';
import type { LiveItem } from './live.ts';
import { type LockMode, lockProvider, type ProviderContext } from './provider-context.ts';

/** One transaction of one provider: what a use case needs to read, write, tell the time and plan for later. */
export interface UnitOfWork {
  readonly db: Executor;
  readonly provider: ProviderContext;
  /** On the provider's clock, milliseconds; the same throughout. */
  readonly now: number;
  readonly numbers: Numbers;
  readonly environment: Environment;
  /** A mail server is configured. */
  readonly sendsMail: boolean;
  schedule(scheduling: Scheduling): Promise<void>;
  /** Many at once; of the same moment, in this order. */
  scheduleAll(schedulings: readonly Scheduling[]): Promise<void>;
  unschedule(kind: string, subject_id: string): Promise<void>;
  /** Tells whoever watches the provider, once all this is committed. */
  publish(item: LiveItem): void;
  /** A part that can fail by itself: what it wrote and published is undone, the transaction goes on. */
  part<T>(work: () => Promise<T>): Promise<T>;
  /** Due work that was written otherwise than by `schedule` falls due at this real time, and not earlier. */
  announce(dueAtReal: number): void;
  /** The same transaction seen from another tenant, for codes that are redeemed across providers. */
  as(provider_id: string): Promise<UnitOfWork>;
  /** The same transaction once the clock shows `moment`; for whoever moves it. Never earlier than it is. */
  at(moment: number): UnitOfWork;
}

export interface UnitsOfWork {
  readonly store: Store;
  run<T>(provider_id: string, work: (uow: UnitOfWork) => Promise<T>, options?: RunOptions): Promise<T>;
  /** `found` writes a new provider and answers its id; `work` goes on as that provider, in the same transaction. */
  runFounding<T>(
    found: (db: Executor, numbers: Numbers) => Promise<string>,
    work: (uow: UnitOfWork) => Promise<T>,
  ): Promise<T>;
}

export interface RunOptions {
  readonly lock?: LockMode;
  /** Not earlier than this on the provider's clock: work that is due never sees a time before its own. */
  readonly notBefore?: number;
}

/** `onScheduled` is told, after the commit, the real times at which something new falls due; `onPublished`, what to tell. */
export function createUnitsOfWork(
  store: Store,
  numbers: Numbers,
  environment: Environment,
  onScheduled: (dueAtReal: number, lane: string | undefined) => void,
  sendsMail = false,
  onPublished: (provider_id: string, item: LiveItem) => void = () => {},
): UnitsOfWork {
  async function transact<T>(
    tenant: (db: Executor) => Promise<string>,
    work: (uow: UnitOfWork) => Promise<T>,
    options: RunOptions,
  ): Promise<T> {
    let scheduled: Scheduled[] = [];
    const published: Published[] = [];
    const noteScheduled = (due: Scheduled) => {
      scheduled.push(due);
    };
    const result = await store.transaction(
      async (db) => {
        scheduled = [];
        published.length = 0;
        const provider = await lockProvider(db, store.dialect, await tenant(db), options.lock ?? 'shared');
        if (provider === undefined) throw fault('071-404-provider');
        const now = Math.max(providerNow(provider.clock_offset), options.notBefore ?? 0);
        const surroundings = { store, numbers, environment, sendsMail, noteScheduled, published };
        return work(unitOfWork(surroundings, db, provider, now));
      },
      () => numbers.ensure(),
    );
    for (const { dueAtReal, lane } of scheduled) onScheduled(dueAtReal, lane);
    for (const { provider_id, item } of published) onPublished(provider_id, item);
    return result;
  }
  return {
    store,
    run: (provider_id, work, options = {}) => transact(async () => provider_id, work, options),
    runFounding: (found, work) => transact((db) => found(db, numbers), work, {}),
  };
}

interface Surroundings {
  readonly store: Store;
  readonly numbers: Numbers;
  readonly environment: Environment;
  readonly sendsMail: boolean;
  readonly noteScheduled: (due: Scheduled) => void;
  /** Grows with the transaction. */
  readonly published: Published[];
}

interface Published {
  readonly provider_id: string;
  readonly item: LiveItem;
}

interface Scheduled {
  readonly dueAtReal: number;
  readonly lane: string | undefined;
}

function unitOfWork(
  surroundings: Surroundings,
  db: Executor,
  provider: ProviderContext,
  now: number,
): UnitOfWork {
  const { store, numbers, environment, sendsMail, noteScheduled, published } = surroundings;
  return {
    db,
    provider,
    now,
    numbers,
    environment,
    sendsMail,
    schedule: async (scheduling) => {
      const dueAtReal = await insertDueWork(db, provider, scheduling);
      noteScheduled({ dueAtReal, lane: scheduling.lane });
    },
    scheduleAll: async (schedulings) => {
      await insertManyDueWork(db, provider, schedulings);
      for (const [lane, ofLane] of Map.groupBy(schedulings, (scheduling) => scheduling.lane)) {
        const first = ofLane.reduce(
          (soonest, { due_at }) => Math.min(soonest, due_at),
          Number.POSITIVE_INFINITY,
        );
        noteScheduled({ dueAtReal: toRealTime(first, provider.clock_offset), lane });
      }
    },
    unschedule: async (kind, subject_id) => {
      await removeDueWork(db, { kind, subject_id });
    },
    publish: (item) => {
      published.push({ provider_id: provider.provider_id, item });
    },
    part: async (work) => {
      const before = published.length;
      try {
        return await savepoint(db, work);
      } catch (error) {
        published.length = before;
        throw error;
      }
    },
    announce: (dueAtReal) => noteScheduled({ dueAtReal, lane: undefined }),
    as: async (provider_id) => {
      const other = await lockProvider(db, store.dialect, provider_id, 'shared');
      if (other === undefined) throw fault('071-404-provider');
      return unitOfWork(surroundings, db, other, providerNow(other.clock_offset));
    },
    at: (moment) => {
      const clock_offset = Math.max(provider.clock_offset, offsetAt(moment));
      const later = Math.max(moment, providerNow(clock_offset));
      return unitOfWork(surroundings, db, { ...provider, clock_offset }, later);
    },
  };
}
