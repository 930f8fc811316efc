/** What a database error means to the caller, whichever dialect raised it. */
export type FailureKind = 'unavailable' | 'unique' | 'retry' | 'other';

// https://www.sqlite.org/rescode.html; the low byte is the primary code.
const sqliteUnavailable = new Set([5, 6, 8, 10, 13, 14]);
const sqliteBusy = new Set([5, 6]);
const sqliteUnique = new Set([1555, 2067]);

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const postgresUnavailable = /^(08|53|57P|55P03|58)/;
const lockNotAvailable = '55P03';
const featureNotSupported = '0A000';
const postgresRetry = new Set(['40001', '40P01']);
const networkErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);

export function failureKind(error: unknown): FailureKind {
  if (typeof error !== 'object' || error === null) return 'other';
  if ('errcode' in error && typeof error.errcode === 'number') return sqliteKind(error.errcode);
  if (isOutdatedPlan(error)) return 'retry';
  if ('code' in error && typeof error.code === 'string') return postgresKind(error.code);
  if (
    error instanceof Error &&
    /timeout exceeded when trying to connect|Connection terminated|is not queryable/.test(error.message)
  ) {
    return 'unavailable';
  }
  return 'other';
}

/** Somebody held a row for longer than we wait. Only Postgres: the embedded store has one writer. */
export function isLockTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === lockNotAvailable;
}

/** Somebody else writes to the file. Only SQLite. */
export function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false;
  return typeof error.errcode === 'number' && sqliteBusy.has(error.errcode & 0xff);
}

/**
 * A statement that was planned before somebody changed the columns of its table. Only Postgres; it has to be planned anew
 * under another name.
 */
export function isOutdatedPlan(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === featureNotSupported &&
    error.message.includes('cached plan')
  );
}

/** Of a database that was never migrated. */
export function isMissingTable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'code' in error && error.code === '42P01' ? true : /no such table/.test(error.message);
}

function sqliteKind(code: number): FailureKind {
  if (sqliteUnique.has(code)) return 'unique';
  return sqliteUnavailable.has(code & 0xff) ? 'unavailable' : 'other';
}

function postgresKind(code: string): FailureKind {
  if (code === '23505') return 'unique';
  if (postgresRetry.has(code)) return 'retry';
  return postgresUnavailable.test(code) || networkErrors.has(code) ? 'unavailable' : 'other';
}
