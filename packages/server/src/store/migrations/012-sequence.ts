import type { Kysely } from 'kysely';
import { run } from './schema.ts';

/** What is delivered about one resource keeps its order as far as it can. */
export async function sequence(db: Kysely<unknown>): Promise<void> {
  await run(
    db,
    `
alter table due_work add column sequence_key text

create index due_work_of_lane on due_work (lane, due_at_real, work_id)
`,
  );
}
