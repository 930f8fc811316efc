import type { DatabaseSync } from 'node:sqlite';
import { afterArrivals } from '../platform/time.ts';

export interface Reader {
  read<T>(statement: () => T): T;
  /** To be called before whatever changes the database: later reads see it. */
  renew(): void;
}

/**
 * Opening and closing a view of the database costs several times as much as looking a row up in it. So the reads of
 * one turn of the event loop share a view, unless there is a commit in between: nobody reads an older state than
 * without it.
 */
export function createReader(database: DatabaseSync): Reader {
  const begin = database.prepare('begin');
  const end = database.prepare('commit');
  const renew = () => {
    if (database.isOpen && database.isTransaction) end.run();
  };
  return {
    read: (statement) => {
      if (!database.isTransaction) {
        begin.run();
        afterArrivals(renew);
      }
      return statement();
    },
    renew,
  };
}
