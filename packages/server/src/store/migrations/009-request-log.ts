import type { Kysely } from 'kysely';
import { type DialectName, run, vocabulary } from './schema.ts';

/**
 * The calls of each provider, many in a row. No row refers to another table: one of a provider that has gone must not
 * keep the others of its batch from being written.
 */
export async function requestLog(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int, bytes } = vocabulary(dialect);
  // Rows of many kilobytes: without rowid they would lie between the keys.
  const end = dialect === 'sqlite' ? 'strict' : '';
  await run(
    db,
    `
create table request_log (
  provider_id text not null,
  batch_id text not null,
  calls ${int} not null,
  last_at_real ${int} not null,
  bytes ${int} not null,
  summaries ${bytes} not null,
  bodies ${bytes} not null,
  primary key (provider_id, batch_id)
) ${end}
`,
  );
}
