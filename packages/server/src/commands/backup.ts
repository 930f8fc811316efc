import { rename, rm } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import { type Config, ConfigError } from '../config.ts';
import { existingDatabaseOf } from './place.ts';

/**
 * Copies the embedded database as it is at one moment, while a server goes on using it. The copy is there whole or not
 * at all; a file of that name is replaced.
 */
export async function backUp(config: Config, file: string): Promise<void> {
  if (config.databaseUrl !== undefined) {
    throw new ConfigError('backup copies the embedded database: for PostgreSQL use pg_dump');
  }
  const source = existingDatabaseOf(config);
  const draft = `${file}.part`;
  const database = new DatabaseSync(source, { readOnly: true });
  try {
    await rm(draft, { force: true });
    await backup(database, draft);
    await rename(draft, file);
  } finally {
    database.close();
    await rm(draft, { force: true });
  }
}
