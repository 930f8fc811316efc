import type { Environment } from '@osigu-sandbox/contract';
import { fault } from '../platform/errors.ts';
import type { Numbers } from '../store/numbers.ts';
import type { Executor } from '../store/statement.ts';
import type { Store } from '../store/store.ts';
import { offsetAt, providerNow } from './clock.ts';
import { insertDueWork, removeDueWork, type Scheduling } from './due-work.ts';
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
  unschedule(kind: string, subject_id: string): Promise<void>;
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

/** `onScheduled` is told, after the commit, the real times at which something new falls due. */
export function createUnitsOfWork(
  store: Store,
  numbers: Numbers,
  environment: Environment,
  onScheduled: (dueAtReal: number, lane: string | undefined) => void,
  sendsMail = false,
): UnitsOfWork {
  async function transact<T>(
    tenant: (db: Executor) => Promise<string>,
    work: (uow: UnitOfWork) => Promise<T>,
    options: RunOptions,
  ): Promise<T> {
    let scheduled: Scheduled[] = [];
    const noteScheduled = (due: Scheduled) => {
      scheduled.push(due);
    };
    const result = await store.transaction(
      async (db) => {
        scheduled = [];
        const provider = await lockProvider(db, store.dialect, await tenant(db), options.lock ?? 'shared');
        if (provider === undefined) throw fault('071-404-provider');
        const now = Math.max(providerNow(provider.clock_offset), options.notBefore ?? 0);
        return work(unitOfWork({ store, numbers, environment, sendsMail, noteScheduled }, db, provider, now));
      },
      () => numbers.ensure(),
    );
    for (const { dueAtReal, lane } of scheduled) onScheduled(dueAtReal, lane);
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
  const { store, numbers, environment, sendsMail, noteScheduled } = surroundings;
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
    unschedule: async (kind, subject_id) => {
      await removeDueWork(db, { kind, subject_id });
    },
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
