import type { DatabaseSync } from 'node:sqlite';
import { afterArrivals } from '../platform/time.ts';

/**
 * The one writer of the embedded store. A commit costs as much as everything else in a transaction, so those that
 * arrive together are committed together: each runs alone, one after the other, in a savepoint of one database
 * transaction, and nobody is answered before that is committed. When it cannot be, all of them have failed.
 */
export interface Writer {
  /** All or nothing of `work`, which nobody else's runs beside. Resolves after the commit. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  /** One statement that writes. Resolves after the commit. */
  write<T>(statement: () => T): Promise<T>;
  /** One statement that reads, between the writers but without waiting for their commit. */
  read<T>(statement: () => T): Promise<T>;
  /** Nobody writes while `work` runs. */
  pause(work: () => Promise<void>): Promise<void>;
  /** A transaction by itself, whose end its user tells. */
  begin(): Promise<void>;
  end(command: 'commit' | 'rollback'): void;
  close(): Promise<void>;
}

interface Member {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds that a writer waits for another process's lock; nothing else runs meanwhile. */
export const lockPatience = 500;

/** `beforeCommit` is told of every commit, so that nobody goes on reading what it replaces. */
export function createWriter(database: DatabaseSync, beforeCommit = () => {}): Writer {
  const turns = createTurns();
  const run = commandsOf(database);
  let group: Member[] | undefined;
  let alone = false;
  let locked = false;

  function openGroup(): Member[] {
    if (group !== undefined) return group;
    beginUnlessLocked();
    group = [];
    afterArrivals(() => void commitInTurn());
    return group;
  }

  const waitAtMost = (milliseconds: number) => database.exec(`pragma busy_timeout = ${milliseconds}`);

  /** The first who finds the database locked waits a little; those behind do not wait as long again, one by one. */
  function beginUnlessLocked(): void {
    try {
      run.begin();
    } catch (error) {
      if (!locked) waitAtMost(0);
      locked = true;
      throw error;
    }
    if (locked) waitAtMost(lockPatience);
    locked = false;
  }

  async function commitInTurn(): Promise<void> {
    await turns.take();
    try {
      commitGroup();
    } finally {
      turns.give();
    }
  }

  function commitGroup(): void {
    if (group === undefined) return;
    const members = group;
    group = undefined;
    try {
      beforeCommit();
      run.commit();
    } catch (error) {
      for (const { reject } of members) reject(error);
      if (database.isTransaction) run.rollback();
      return;
    }
    for (const { resolve } of members) resolve();
  }

  /** A full disk makes SQLite roll everything back by itself: nobody's work of this group is there any more. */
  function loseGroup(error: unknown): void {
    if (database.isTransaction || group === undefined) return;
    const members = group;
    group = undefined;
    for (const { reject } of members) reject(error);
  }

  function join(members: Member[]): Promise<void> {
    return new Promise((resolve, reject) => {
      members.push({ resolve, reject });
    });
  }

  async function member<T>(work: () => Promise<T>): Promise<{ result: T; committed: Promise<void> }> {
    await turns.take();
    try {
      const members = openGroup();
      run.savepoint();
      try {
        const result = await work();
        run.release();
        return { result, committed: join(members) };
      } catch (error) {
        if (database.isTransaction) run.undo();
        loseGroup(error);
        throw error;
      }
    } finally {
      turns.give();
    }
  }

  return {
    transaction: async (work) => {
      const { result, committed } = await member(work);
      await committed;
      return result;
    },
    write: async (statement) => {
      const { result, committed } = await member(async () => statement());
      await committed;
      return result;
    },
    read: async (statement) => {
      await turns.take();
      try {
        return statement();
      } finally {
        turns.give();
      }
    },
    pause: async (work) => {
      await turns.take();
      try {
        commitGroup();
        await work();
      } finally {
        turns.give();
      }
    },
    begin: async () => {
      await turns.take();
      try {
        commitGroup();
        run.begin();
        alone = true;
      } catch (error) {
        turns.give();
        throw error;
      }
    },
    end: (command) => {
      // A failed commit is followed by a rollback, which may find that SQLite has done it.
      if (!alone) return;
      try {
        beforeCommit();
        run[command]();
      } finally {
        alone = database.isTransaction;
        if (!alone) turns.give();
      }
    },
    close: async () => {
      await commitInTurn();
      database.close();
    },
  };
}

/** Prepared once; running one is half the cost of having its text read anew. */
function commandsOf(database: DatabaseSync) {
  const command = (...texts: readonly string[]) => {
    const statements = texts.map((text) => database.prepare(text));
    return () => {
      for (const statement of statements) statement.run();
    };
  };
  return {
    // Immediate: who is going to write takes the lock at once and never fails halfway on a locked database.
    begin: command('begin immediate'),
    commit: command('commit'),
    rollback: command('rollback'),
    savepoint: command('savepoint member'),
    release: command('release member'),
    undo: command('rollback to member', 'release member'),
  };
}

/** First come, first served. */
function createTurns() {
  const waiting: (() => void)[] = [];
  let head = 0;
  let taken = false;
  return {
    take(): Promise<void> | undefined {
      if (!taken) {
        taken = true;
        return undefined;
      }
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
    give(): void {
      const next = waiting[head];
      if (next === undefined) {
        waiting.length = 0;
        head = 0;
        taken = false;
        return;
      }
      head += 1;
      next();
    },
  };
}
