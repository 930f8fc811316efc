import pino, { type DestinationStream, type Logger } from 'pino';
import { secretNames } from './secret-names.ts';

export type Log = Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/**
 * Members that never reach a log line: secrets, tokens, and bodies, which hold health data. Redaction is the
 * second line of defence; nothing logs a body in the first place.
 */
const redacted: ReadonlySet<string> = new Set([...secretNames, 'authorization', 'body']);

export function createLog(
  level: string,
  bindings: Record<string, unknown>,
  destination?: DestinationStream,
): Logger {
  return pino(
    {
      level,
      base: bindings,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { log: (line) => redact(line) },
      serializers: { err: errorWithoutData },
    },
    destination ?? standardOutput(),
  );
}

/** Lines that cannot be written (a full disk) are kept up to this many bytes and then lost; the server goes on. */
const maxUnwritten = 4_000_000;
/** A write for every line costs more than the line: they are collected up to so many bytes or milliseconds. */
const together = { minLength: 4_096, periodicFlush: 100 } as const;

function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: false, ...together, maxLength: maxUnwritten });
  output.on('error', () => {});
  return output;
}

const deepest = 3;

/** Copies only where there is something to hide: most lines go through as they are. */
function redact(members: Record<string, unknown>, depth = 0): Record<string, unknown> {
  let result = members;
  for (const name of Object.keys(members)) {
    const value = members[name];
    const safe = redacted.has(name)
      ? '[redacted]'
      : isPlain(value) && depth < deepest
        ? redact(value, depth + 1)
        : value;
    if (safe === value) continue;
    if (result === members) result = { ...members };
    result[name] = safe;
  }
  return result;
}

/** Errors have a serialiser of their own. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Error);
}

/** Name, message, code and stack. A database error's detail can quote a row, which is health data. */
function errorWithoutData(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: 'not an error object' };
  const cause = error.cause instanceof Error ? { cause: errorWithoutData(error.cause) } : {};
  const code = 'code' in error ? { code: error.code } : {};
  return { type: error.name, message: error.message, stack: error.stack, ...code, ...cause };
}
