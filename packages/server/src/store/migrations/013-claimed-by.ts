import type { Kysely } from 'kysely';
import { type DialectName, run, vocabulary } from './schema.ts';

/** Which process has claimed a piece of due work, so that the others give it back as soon as that one is gone. */
export async function claimedBy(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int, end } = vocabulary(dialect);
  await run(
    db,
    `
alter table due_work add column claimed_by ${int}

create table processes (
  claimant ${int} not null primary key,
  started_at_real ${int} not null
) ${end}
`,
  );
}
