import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type Config, ConfigError } from '../config.ts';
import { exportProvider } from '../core/providers/portable/export.ts';
import type { ProviderFile } from '../core/providers/portable/file.ts';
import { type Imported, importProvider } from '../core/providers/portable/import.ts';
import { createUnitsOfWork, type UnitsOfWork } from '../engine/unit-of-work.ts';
import { databaseReason, namingSetting } from '../start-reasons.ts';
import { createNumbers } from '../store/numbers.ts';
import { openStore } from '../store/store.ts';
import { databaseOf, existingDatabaseOf, placeOf } from './place.ts';

/** Throws a fault when there is no such provider. */
export async function exportFrom(config: Config, provider_slug: string): Promise<ProviderFile> {
  return withUnits(config, existingDatabaseOf(config), (units) => exportProvider(units, provider_slug));
}

/** Throws a fault that lists what is wrong with the document, or says what is taken. */
export async function importInto(config: Config, document: unknown): Promise<Imported> {
  if (config.databaseUrl === undefined && isInUse(databaseOf(config))) {
    throw new ConfigError(`stop the server first: it is using the database in ${config.dataDir}`);
  }
  return withUnits(config, await placeOf(config), (units) => importProvider(units, document));
}

async function withUnits<T>(
  config: Config,
  location: string,
  work: (units: UnitsOfWork) => Promise<T>,
): Promise<T> {
  const store = await namingSetting(databaseReason(config), () => openStore({ location, poolSize: 2 }));
  try {
    return await work(createUnitsOfWork(store, createNumbers(store), config.environment, () => {}));
  } finally {
    await store.close();
  }
}

/** A server keeps in memory what nobody else is supposed to write. */
function isInUse(path: string): boolean {
  if (!existsSync(path)) return false;
  const database = new DatabaseSync(path);
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive; commit');
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}
