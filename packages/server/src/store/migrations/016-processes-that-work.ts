import type { Kysely } from 'kysely';
import { type DialectName, run, vocabulary } from './schema.ts';

/** Who of the living sends deliveries all the time: they share the connections that a receiver may have. */
export async function processesThatWork(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int } = vocabulary(dialect);
  await run(db, `alter table processes add column works ${int} not null default 1`);
}
