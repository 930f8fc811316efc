import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { sql } from 'kysely';
import { type Migrations, migrations } from '../src/store/migrate.ts';
import { vocabulary } from '../src/store/migrations/schema.ts';
import { openStore } from '../src/store/store.ts';

export const laterName = '900-later';

/** What a later version may do while this one serves: columns, tables and indexes that are new. */
export const later: Migrations = {
  ...migrations,
  [laterName]: async (db, dialect) => {
    const { int, end } = vocabulary(dialect);
    for (const table of [
      'providers',
      'authorizations',
      'dispensations',
      'events',
      'deliveries',
      'due_work',
    ]) {
      await sql.raw(`alter table ${table} add column later ${int}`).execute(db);
    }
    await sql
      .raw(`create table later (provider_id text not null primary key references providers) ${end}`)
      .execute(db);
    await sql.raw('create index later_dispensations on dispensations (provider_id, later)').execute(db);
  },
};

/** Another process migrates: whoever waits for a lock of SQLite holds up its own. */
export async function migrateBeside(location: string): Promise<number | null> {
  const child = spawn(process.execPath, [import.meta.filename, location], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  return code;
}

if (process.argv[1] === import.meta.filename) {
  await (await openStore({ location: process.argv[2] ?? '', poolSize: 1, migrations: later })).close();
}
