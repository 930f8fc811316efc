import { constants, existsSync } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Config, ConfigError } from '../config.ts';
import { dataDirReason, namingSetting } from '../start-reasons.ts';

/** Where the database is: a URL, or the file of the embedded one. */
export function databaseOf({ databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>): string {
  return databaseUrl ?? join(resolve(dataDir), 'sandbox.sqlite');
}

/** Its owner's alone where it is new. */
export async function makeDataDir(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
}

/** As `databaseOf`, for whoever may make a new one. */
export async function placeOf(config: Config): Promise<string> {
  if (config.databaseUrl === undefined) {
    await namingSetting(dataDirReason(config), () => makeDataDir(resolve(config.dataDir)));
  }
  return databaseOf(config);
}

/** As `databaseOf`, for whoever reads what is there: an embedded database is not made by looking for it. */
export function existingDatabaseOf(config: Config): string {
  const location = databaseOf(config);
  if (config.databaseUrl === undefined && !existsSync(location)) {
    throw new ConfigError(`DATA_DIR is wrong: there is no database in ${config.dataDir}`);
  }
  return location;
}
