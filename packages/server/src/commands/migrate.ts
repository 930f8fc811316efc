import { existsSync } from 'node:fs';
import type { Config } from '../config.ts';
import { databaseReason, namingSetting } from '../start-reasons.ts';
import { migrations } from '../store/migrate.ts';
import { openStore, pendingMigrationsOf } from '../store/store.ts';
import { databaseOf, placeOf } from './place.ts';

/** What a start would apply to the database; nothing is changed, nothing is created. */
export async function pendingAt(config: Config): Promise<readonly string[]> {
  const location = databaseOf(config);
  if (config.databaseUrl === undefined && !existsSync(location)) return Object.keys(migrations);
  return namingSetting(databaseReason(config), () => pendingMigrationsOf(location));
}

/** Applies it, as a start does. Answers what was applied. */
export async function migrateAt(config: Config): Promise<readonly string[]> {
  const pending = await pendingAt(config);
  const location = await placeOf(config);
  const store = await namingSetting(databaseReason(config), () => openStore({ location, poolSize: 1 }));
  await store.close();
  return pending;
}
