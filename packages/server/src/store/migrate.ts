import { type Kysely, Migrator, sql } from 'kysely';
import { realNow, second, sleep } from '../platform/time.ts';
import type { Database } from './database.ts';
import { failureKind, isBusy, isLockTimeout, isMissingTable } from './failures.ts';
import { foundation } from './migrations/001-foundation.ts';
import { authorizations } from './migrations/002-authorizations.ts';
import { webhooks } from './migrations/003-webhooks.ts';
import { prescriptions } from './migrations/004-prescriptions.ts';
import { claims } from './migrations/005-claims.ts';
import { settlements } from './migrations/006-settlements.ts';
import { sponsorProfiles } from './migrations/007-sponsor-profiles.ts';
import { faults } from './migrations/008-faults.ts';
import { requestLog } from './migrations/009-request-log.ts';
import { snapshots } from './migrations/010-snapshots.ts';
import { deliveryListing } from './migrations/011-delivery-listing.ts';
import { sequence } from './migrations/012-sequence.ts';
import { claimedBy } from './migrations/013-claimed-by.ts';
import { retention } from './migrations/014-retention.ts';
import { growth } from './migrations/015-growth.ts';
import { processesThatWork } from './migrations/016-processes-that-work.ts';
import type { DialectName } from './migrations/schema.ts';

export type Migrations = Readonly<
  Record<string, (db: Kysely<unknown>, dialect: DialectName) => Promise<void>>
>;

export const migrations = {
  '001-foundation': foundation,
  '002-authorizations': authorizations,
  '003-webhooks': webhooks,
  '004-prescriptions': prescriptions,
  '005-claims': claims,
  '006-settlements': settlements,
  '007-sponsor-profiles': sponsorProfiles,
  '008-faults': faults,
  '009-request-log': requestLog,
  '010-snapshots': snapshots,
  '011-delivery-listing': deliveryListing,
  '012-sequence': sequence,
  '013-claimed-by': claimedBy,
  '014-retention': retention,
  '015-growth': growth,
  '016-processes-that-work': processesThatWork,
} as const satisfies Migrations;

/** The newest migration: rows that are kept outside of their tables fit no other schema. */
export const schemaVersion = Object.keys(migrations).at(-1) ?? '';

/** The database has migrations that this version does not know. */
export class NewerSchema extends Error {}

/** Names of the migrations that a start would apply. Throws `NewerSchema`. */
export async function pendingMigrations(
  db: Kysely<Database>,
  known: Migrations = migrations,
): Promise<string[]> {
  const applied = new Set(await appliedMigrations(db));
  const unknown = [...applied].filter((name) => known[name] === undefined);
  if (unknown.length > 0) {
    throw new NewerSchema(`its schema is newer than this version: ${unknown.join(', ')}`);
  }
  return Object.keys(known).filter((name) => !applied.has(name));
}

async function appliedMigrations(db: Kysely<Database>): Promise<string[]> {
  try {
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
    return rows.map(({ name }) => name);
  } catch (error) {
    if (isMissingTable(error)) return [];
    throw error;
  }
}

/** A migration asks this long for tables that others use. */
const lockPatience: Readonly<Record<DialectName, number>> = {
  postgres: 10 * 60 * second,
  sqlite: 20 * second,
};
const betweenTries = 50;

/**
 * Applies what is pending, all of it or nothing, one process at a time. Others go on serving meanwhile: a table that
 * they keep busy is asked for again, so that nobody queues behind the migration for long. Throws `NewerSchema`.
 */
export async function migrate(
  db: Kysely<Database>,
  dialect: DialectName,
  known: Migrations = migrations,
): Promise<void> {
  const giveUpAt = realNow() + lockPatience[dialect];
  for (;;) {
    if ((await pendingMigrations(db, known)).length === 0) return;
    const error = await applyPending(db, dialect, known);
    if (error === undefined) return;
    const isInTheWay = isLockTimeout(error) || isBusy(error) || failureKind(error) === 'retry';
    if (!isInTheWay || realNow() > giveUpAt) throw error;
    await sleep(betweenTries);
  }
}

/** Answers what went wrong. */
async function applyPending(db: Kysely<Database>, dialect: DialectName, known: Migrations): Promise<unknown> {
  try {
    const provider = providerOf(dialect, known);
    return (await new Migrator({ db, provider }).migrateToLatest()).error;
  } catch (error) {
    return error;
  }
}

function providerOf(dialect: DialectName, known: Migrations) {
  return {
    getMigrations: async () =>
      Object.fromEntries(
        Object.entries(known).map(([name, up]) => [
          name,
          { up: (migrating: Kysely<unknown>) => up(migrating, dialect) },
        ]),
      ),
  };
}
