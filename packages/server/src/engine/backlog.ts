import { realNow } from '../platform/time.ts';
import type { Executor } from '../store/statement.ts';

/** Nobody needs to know a larger number, and counting a million rows for each look would hold up the work. */
const countedAtMost = 10_000;

export interface DueBacklog {
  /** Also what is due in the future. */
  readonly rows: number;
  readonly overdue: number;
  readonly oldest_age_ms: number;
  /** Of one kind; its oldest subject in the order of ids. */
  readonly ofKind: { readonly rows: number; readonly oldest_subject: string | undefined };
}

/** How much there is and how late the oldest of it is, in real time: the operator's first look at a stall. */
export async function dueBacklog(db: Executor, kind: string): Promise<DueBacklog> {
  const now = realNow();
  const oldest = await dueRows(db).select('due_at_real').orderBy('due_at_real').limit(1).executeTakeFirst();
  const ofKind = dueRows(db).where('kind', '=', kind);
  const first = await ofKind.select('subject_id').orderBy('subject_id').limit(1).executeTakeFirst();
  return {
    rows: await countSome(db, dueRows(db)),
    overdue: await countSome(db, dueRows(db).where('due_at_real', '<=', now)),
    oldest_age_ms: Math.max(now - Number(oldest?.due_at_real ?? now), 0),
    ofKind: { rows: await countSome(db, ofKind), oldest_subject: first?.subject_id },
  };
}

const dueRows = (db: Executor) => db.selectFrom('due_work');

async function countSome(db: Executor, rows: ReturnType<typeof dueRows>): Promise<number> {
  const { counted } = await db
    .selectFrom(rows.select('kind').limit(countedAtMost).as('some_rows'))
    .select((eb) => eb.fn.countAll<number>().as('counted'))
    .executeTakeFirstOrThrow();
  return Number(counted);
}
