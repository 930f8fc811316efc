import type { Pool } from 'pg';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import { fault } from '../platform/errors.ts';

/** What a counted call may still do. */
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds to the end of the window. */
  readonly reset: number;
  readonly exceeded: boolean;
}

export interface Limits {
  /** Counts one call of `subject` in its window of a minute, which starts with its first call. */
  count(family: Family, subject: string, limit: number): Promise<Allowance>;
}

/** The families do not count into each other (S). */
export type Family = 'token' | 'token-address' | 'client' | 'address';

/** Calls without a token, and refused calls of the token endpoint, per address and minute (S). */
export const addressLimit = 50;

const windowSeconds = 60;
/** Above any limit: the counting is the library's, the comparison ours, for limits differ by client and change. */
const unlimited = 2_000_000_000;

export interface SharedLimits {
  readonly postgresUrl: string | undefined;
  readonly redisUrl: string | undefined;
}

/** In memory for the embedded store, which has one process; in Redis or the database where many share the limits. */
export async function createLimits({
  postgresUrl,
  redisUrl,
}: SharedLimits): Promise<{ limits: Limits; close: () => Promise<void> }> {
  if (redisUrl !== undefined) {
    const { connectRedis } = await import('../store/redis-bus.ts');
    const redis = await connectRedis(redisUrl);
    const limiter = new RateLimiterRedis({ ...windowOptions, storeClient: redis });
    return { limits: limitsOver(limiter), close: async () => redis.disconnect() };
  }
  if (postgresUrl === undefined) {
    return { limits: limitsOver(new RateLimiterMemory(windowOptions)), close: async () => {} };
  }
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 4, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return { limits: limitsOver(await databaseLimiter(pool)), close: () => pool.end() };
}

function limitsOver(limiter: RateLimiterAbstract): Limits {
  return {
    count: async (family, subject, limit) => {
      const result = await limiter.consume(`${family}:${subject}`).catch((reason: unknown) => {
        if (reason instanceof RateLimiterRes) return reason;
        throw fault('071-503', { cause: reason, retryAfter: 1 });
      });
      return {
        limit,
        remaining: Math.max(limit - result.consumedPoints, 0),
        reset: Math.max(Math.ceil(result.msBeforeNext / 1_000), 1),
        exceeded: result.consumedPoints > limit,
      };
    },
  };
}

const windowOptions = { points: unlimited, duration: windowSeconds, keyPrefix: 'limit' };

/** `create table if not exists` of two processes that start at once fails for one of them, who finds it at the next try. */
const tableTakenMeanwhile = new Set(['42P07', '42710', '23505']);
const tries = 5;

async function databaseLimiter(pool: Pool): Promise<RateLimiterAbstract> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await limiterWithTable(pool);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (left === 0 || !tableTakenMeanwhile.has(code)) throw error;
    }
  }
}

function limiterWithTable(pool: Pool): Promise<RateLimiterAbstract> {
  return new Promise((resolve, reject) => {
    const limiter: RateLimiterPostgres = new RateLimiterPostgres(
      { ...windowOptions, storeClient: pool, storeType: 'pool', tableName: 'rate_limits' },
      (error?: Error) => (error ? reject(error) : resolve(limiter)),
    );
  });
}
