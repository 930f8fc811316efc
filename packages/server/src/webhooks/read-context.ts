import type { UnitOfWork } from '../engine/unit-of-work.ts';

/** What reading needs; a unit of work is one as well. */
export type ReadContext = Pick<UnitOfWork, 'db' | 'provider' | 'now'>;

export interface PageOf {
  /** From 0. */
  readonly page: number;
  readonly size: number;
}

export interface PageRows<T> {
  readonly rows: readonly T[];
  readonly total: number;
}
