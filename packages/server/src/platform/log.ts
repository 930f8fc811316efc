import pino, { type DestinationStream, type Logger } from 'pino';

export type Log = Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/**
 * Members that never reach a log line: secrets, tokens, and bodies, which hold health data. Redaction is the
 * second line of defence; nothing logs a body in the first place.
 */
const redacted = [
  'authorization',
  'password',
  'secret',
  'client_secret',
  'token',
  'access_token',
  'otp_verification_token',
  'otp_code',
  'body',
];

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
      redact: {
        paths: redacted
          .flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
          .concat('req.headers.authorization'),
        censor: '[redacted]',
      },
      serializers: { err: errorWithoutData },
    },
    destination ?? pino.destination({ dest: 1, sync: false, minLength: 0 }),
  );
}

/** Name, message, code and stack. A database error's detail can quote a row, which is health data. */
function errorWithoutData(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: 'not an error object' };
  const cause = error.cause instanceof Error ? { cause: errorWithoutData(error.cause) } : {};
  const code = 'code' in error ? { code: error.code } : {};
  return { type: error.name, message: error.message, stack: error.stack, ...code, ...cause };
}
