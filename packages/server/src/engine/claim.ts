import { sql } from 'kysely';
import { realNow } from '../platform/time.ts';
import type { Store } from '../store/store.ts';
import type { DueWork } from './due-work.ts';

/** A claimed row is this process's alone for so long; a crash gives it back after. */
export const leaseMilliseconds = 30_000;

export interface Claim {
  readonly limit: number;
  /** Lanes that have all the connections they may have. */
  readonly busyLanes: readonly string[];
}

/** Takes rows that are due in real time, oldest first. */
export async function claimDue(store: Store, claim: Claim): Promise<DueWork[]> {
  const now = realNow();
  const free =
    claim.busyLanes.length === 0
      ? sql``
      : sql`and (lane is null or lane not in (${sql.join(claim.busyLanes.map((lane) => sql.val(lane)))}))`;
  return claimRows(
    store,
    now,
    sql`due_at_real <= ${now} and lease_until_real <= ${now} ${free}`,
    sql`due_at_real, work_id`,
    claim.limit,
  );
}

/** Takes a provider's earliest rows up to `until` on its clock. */
export async function claimAhead(
  store: Store,
  provider_id: string,
  until: number,
  limit: number,
): Promise<DueWork[]> {
  const now = realNow();
  return claimRows(
    store,
    now,
    sql`provider_id = ${provider_id} and due_at <= ${until} and lease_until_real <= ${now}`,
    sql`due_at, work_id`,
    limit,
  );
}

async function claimRows(
  store: Store,
  now: number,
  condition: ReturnType<typeof sql>,
  order: ReturnType<typeof sql>,
  limit: number,
): Promise<DueWork[]> {
  const skipLocked = store.dialect === 'postgres' ? sql`for update skip locked` : sql``;
  const { rows } = await sql<DueWork>`
    update due_work set lease_until_real = ${now + leaseMilliseconds}, attempts = attempts + 1
    where work_id in (
      select work_id from due_work where ${condition} order by ${order} limit ${limit} ${skipLocked})
    returning work_id, kind, subject_id, provider_id, lane, due_at, due_at_real, attempts`.execute(store.db);
  return rows.sort((a, b) => a.due_at - b.due_at || (a.work_id < b.work_id ? -1 : 1));
}
