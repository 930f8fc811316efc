import { type Bus, postgresBus, silentBus } from './bus.ts';

/** Redis where there is one, otherwise the database; a sandbox on a file of its own is one process. */
export async function openBus(database: string, redisUrl: string | undefined): Promise<Bus> {
  if (redisUrl !== undefined) {
    const { redisBus } = await import('./redis-bus.ts');
    return redisBus(redisUrl);
  }
  return /^postgres(ql)?:\/\//.test(database) ? postgresBus(database) : silentBus;
}
