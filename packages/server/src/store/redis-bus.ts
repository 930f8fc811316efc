import { Redis } from 'ioredis';
import { type Bus, createListeners, RedisNotReached } from './bus.ts';

const prefix = 'osigu:';

/** Two connections that are made again when they break: one that listens can do nothing else. */
export async function redisBus(url: string): Promise<Bus> {
  const listeners = createListeners();
  const speaking = await connectRedis(url);
  const listening = await connectRedis(url);
  listening.on('message', (channel: string, message: string) =>
    listeners.tell(channel.slice(prefix.length), message),
  );
  await listening.subscribe(`${prefix}due`, `${prefix}live`, `${prefix}watched`);
  return {
    publish: (channel, message) => {
      speaking.publish(`${prefix}${channel}`, message).catch(() => undefined);
    },
    listen: listeners.add,
    close: async () => {
      speaking.disconnect();
      listening.disconnect();
    },
  };
}

/**
 * Throws `RedisNotReached` when it cannot be had at the start; later it comes back by itself, and what is asked meanwhile
 * fails soon.
 */
export async function connectRedis(url: string): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5_000,
    commandTimeout: 2_000,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy: (attempt) => Math.min(attempt * 200, 2_000),
  });
  // What the attempt to connect itself says is only that it is over.
  let reason: unknown;
  redis.on('error', (error: unknown) => {
    reason = error;
  });
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw new RedisNotReached('Redis cannot be reached', { cause: reason ?? error });
  }
  return redis;
}
