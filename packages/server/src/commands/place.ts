import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';

/** Where the database is: a URL, or the file of the embedded one. */
export function databaseOf({ databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>): string {
  return databaseUrl ?? join(resolve(dataDir), 'sandbox.sqlite');
}
