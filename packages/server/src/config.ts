import { isIP } from 'node:net';
import type { Environment } from '@osigu-sandbox/contract';
import type { Retention } from './core/retention/prune.ts';

/** Settings of a process, from environment variables only (contract section 18). */
export interface Config {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  /** `postgres://…`; undefined: an embedded SQLite file in `dataDir`. */
  readonly databaseUrl: string | undefined;
  /** Where set, rate limits and wake-ups of several processes go through it. */
  readonly redisUrl: string | undefined;
  /** Base of every URL the server gives out; undefined: where it listens. */
  readonly publicUrl: string | undefined;
  readonly environment: Environment;
  readonly hosted: boolean;
  /** Undefined: generated into `dataDir` at first start. */
  readonly operatorKey: string | undefined;
  readonly smtpUrl: string | undefined;
  readonly logLevel: string;
  /** `*`, or the origins that browsers may call from. */
  readonly corsOrigins: '*' | readonly string[];
  /** Behind a proxy: the caller's address, host and protocol are those that it forwards. */
  readonly trustProxy: boolean;
  /** CIDR ranges that deliveries may go to besides, in the local profile. */
  readonly webhookRanges: readonly string[];
  /** How much is kept of what happened. */
  readonly retention: Retention;
}

export class ConfigError extends Error {}

type Environ = Readonly<Record<string, string | undefined>>;

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Throws `ConfigError` with one line that names the first wrong setting. */
export function readConfig(env: Environ): Config {
  refuseUnsupported(env);
  return {
    port: portOf(env),
    host: optional(env, 'HOST') ?? '127.0.0.1',
    dataDir: optional(env, 'DATA_DIR') ?? './data',
    databaseUrl: urlOf(env, 'DATABASE_URL', ['postgres:', 'postgresql:']),
    redisUrl: urlOf(env, 'REDIS_URL', ['redis:', 'rediss:']),
    publicUrl: publicUrlOf(env),
    environment: oneOf(env, 'PROFILE', ['sandbox', 'production'], 'sandbox'),
    hosted: oneOf(env, 'HOSTED', ['true', 'false'], 'false') === 'true',
    operatorKey: operatorKeyOf(env),
    smtpUrl: smtpUrlOf(env),
    logLevel: oneOf(env, 'LOG_LEVEL', logLevels, 'info'),
    corsOrigins: corsOriginsOf(env),
    trustProxy: oneOf(env, 'TRUST_PROXY', ['true', 'false'], 'false') === 'true',
    webhookRanges: webhookRangesOf(env),
    retention: {
      days: numberOf(env, 'RETENTION_DAYS', 30, [1, 3_650]),
      rows: numberOf(env, 'RETENTION_ROWS', 100_000, [100, 10_000_000]),
    },
  };
}

/** An empty variable counts as absent: compose files write them so. */
function optional(env: Environ, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function wrong(name: string, expected: string): ConfigError {
  return new ConfigError(`${name} is wrong: expected ${expected}`);
}

/** Settings that are published but not built yet: to ignore one would be to do something else than was asked for. */
function refuseUnsupported(env: Environ): void {
  if (oneOf(env, 'ACCEPT_ANY_CREDENTIALS', ['true', 'false'], 'false') === 'true') {
    throw new ConfigError('ACCEPT_ANY_CREDENTIALS is not supported yet: leave it out');
  }
}

function portOf(env: Environ): number {
  const text = optional(env, 'PORT') ?? '4600';
  const port = Number(text);
  // 0 asks the operating system for a free one, which tests want.
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw wrong('PORT', 'a port number from 0 to 65535');
  return port;
}

function numberOf(
  env: Environ,
  name: string,
  fallback: number,
  [least, most]: readonly [number, number],
): number {
  const text = optional(env, name) ?? String(fallback);
  const number = Number(text);
  if (!/^\d{1,8}$/.test(text) || number < least || number > most) {
    throw wrong(name, `a whole number from ${least} to ${most}`);
  }
  return number;
}

function oneOf<const T extends readonly string[]>(
  env: Environ,
  name: string,
  words: T,
  fallback: T[number],
): T[number] {
  const value = optional(env, name) ?? fallback;
  if (!words.includes(value)) throw wrong(name, `one of ${words.join(', ')}`);
  return value;
}

function urlOf(env: Environ, name: string, protocols: readonly string[]): string | undefined {
  const value = optional(env, name);
  if (value === undefined) return undefined;
  if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
    throw wrong(name, `a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`);
  }
  return value;
}

/** Paths are appended to it. */
function publicUrlOf(env: Environ): string | undefined {
  const value = urlOf(env, 'PUBLIC_URL', ['http:', 'https:']);
  if (value !== undefined && /[?#]/.test(value))
    throw wrong('PUBLIC_URL', 'a URL without query and fragment');
  return value?.replace(/\/+$/, '');
}

function smtpUrlOf(env: Environ): string | undefined {
  const value = urlOf(env, 'SMTP_URL', ['smtp:', 'smtps:']);
  if (value !== undefined && new URL(value).hostname === '') throw wrong('SMTP_URL', 'a URL with a host');
  return value;
}

function operatorKeyOf(env: Environ): string | undefined {
  const key = optional(env, 'OPERATOR_KEY');
  if (key !== undefined && !/^[\x21-\x7e]{16,256}$/.test(key)) {
    throw wrong('OPERATOR_KEY', '16 to 256 printable characters without blanks');
  }
  return key;
}

function corsOriginsOf(env: Environ): '*' | readonly string[] {
  const value = optional(env, 'CORS_ORIGINS') ?? '*';
  if (value === '*') return '*';
  const origins = value.split(',').map((origin) => origin.trim());
  const bad = origins.some((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (bad) throw wrong('CORS_ORIGINS', '* or a comma-separated list of origins such as https://app.example');
  return origins;
}

/** The hosted profile delivers to public addresses only, whatever anybody sets. */
function webhookRangesOf(env: Environ): readonly string[] {
  const value = optional(env, 'WEBHOOK_ALLOWED_RANGES');
  if (value === undefined) return [];
  if (optional(env, 'HOSTED') === 'true') {
    throw wrong('WEBHOOK_ALLOWED_RANGES', 'nothing in the hosted profile');
  }
  const ranges = value.split(',').map((range) => range.trim());
  if (!ranges.every(isRange)) {
    throw wrong('WEBHOOK_ALLOWED_RANGES', 'a comma-separated list of ranges such as 172.16.0.0/12');
  }
  return ranges;
}

function isRange(text: string): boolean {
  const [address = '', bits = ''] = text.split('/', 2);
  const family = isIP(address);
  return family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}
