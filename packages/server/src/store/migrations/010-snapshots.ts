import type { Kysely } from 'kysely';
import { type DialectName, run, vocabulary } from './schema.ts';

/** Worlds of providers that are kept, and clocks that show a moment before real time once one is restored. */
export async function snapshots(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int, bytes, end } = vocabulary(dialect);
  await run(db, dialect === 'sqlite' ? clockBelowZeroSqlite : clockBelowZeroPostgres);
  await run(
    db,
    `
create table snapshots (
  snapshot_id text not null primary key,
  provider_id text not null references providers,
  name text,
  schema_version text not null,
  clock ${int} not null,
  row_count ${int} not null,
  bytes ${int} not null,
  created_at_real ${int} not null,
  content ${bytes} not null,
  unique (provider_id, name)
) ${end}

create index snapshots_of_provider on snapshots (provider_id, snapshot_id)
`,
  );
}

// SQLite cannot drop a check, but a column with its own: neither tables nor foreign keys have to be made anew.
const clockBelowZeroSqlite = `
alter table providers add column clock_ahead integer not null default 0

update providers set clock_ahead = clock_offset

alter table providers drop column clock_offset

alter table providers rename column clock_ahead to clock_offset
`;

const clockBelowZeroPostgres = 'alter table providers drop constraint providers_clock_offset_check';
