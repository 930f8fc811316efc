import { type Config, ConfigError } from './config.ts';
import { RedisNotReached } from './store/bus.ts';
import { NewerSchema } from './store/migrate.ts';
import { StoreNotOpened } from './store/store.ts';

/** What a failure of the start says about the settings; undefined when it says nothing. */
type Reason = (error: unknown) => string | undefined;

/** Runs a step of the start. When it fails because of a setting, the error names that setting in one line. */
export async function namingSetting<T>(reason: Reason, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const line = reason(error);
    throw line === undefined ? error : new ConfigError(line);
  }
}

export function dataDirReason({ dataDir }: Config): Reason {
  return (error) => {
    const code = codeOf(error);
    return code && `DATA_DIR is wrong: cannot keep files in ${dataDir} (${code})`;
  };
}

export function databaseReason({ dataDir, databaseUrl }: Config): Reason {
  return (error) => {
    if (!(error instanceof StoreNotOpened)) return undefined;
    const setting = databaseUrl === undefined ? 'DATA_DIR' : 'DATABASE_URL';
    const why = firstLineOf(error.cause);
    if (error.cause instanceof NewerSchema) return `${setting} names a database that is too new: ${why}`;
    // The URL holds a password and is not repeated.
    return databaseUrl === undefined
      ? `DATA_DIR is wrong: cannot open the database in ${dataDir} (${why})`
      : `DATABASE_URL is wrong: cannot open the database (${why})`;
  };
}

export const redisReason: Reason = (error) =>
  // The URL holds a password and is not repeated.
  error instanceof RedisNotReached
    ? `REDIS_URL is wrong: cannot reach Redis (${firstLineOf(error.cause)})`
    : undefined;

const wrongPort = new Set(['EADDRINUSE', 'EACCES']);
const wrongHost = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EAFNOSUPPORT', 'EINVAL', 'ENODEV']);

export function addressReason({ host, port }: Config): Reason {
  return (error) => {
    const code = codeOf(error) ?? '';
    if (wrongPort.has(code)) return `PORT is wrong: ${port} of ${host} cannot be had (${code})`;
    if (wrongHost.has(code)) return `HOST is wrong: ${host} is no address of this machine (${code})`;
    return undefined;
  };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Several addresses that fail together have no message of their own, but a code. */
function firstLineOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.split('\n', 1)[0] || (codeOf(error) ?? error.name);
}
