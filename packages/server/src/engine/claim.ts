import { type RawBuilder, sql } from 'kysely';
import { realNow } from '../platform/time.ts';
import type { Store } from '../store/store.ts';
import type { DueWork } from './due-work.ts';

/**
 * A claimed row is this process's alone for so long. A crash gives it back after, and sooner where others see that the
 * process is gone (store/presence.ts).
 */
export const leaseMilliseconds = 30_000;

/** Rows that are looked at before those of busy lanes are taken to stand in the way of all others. */
const window = 256;

/**
 * Takes rows that are due in real time, oldest first, of all lanes but the busy ones. However much a busy lane has
 * waiting, the others are found: by looking at each lane for itself when it stands in the way.
 */
export async function claimDue(
  store: Store,
  limit: number,
  busyLanes: readonly string[],
): Promise<DueWork[]> {
  const now = realNow();
  const due = sql`due_at_real <= ${now} and lease_until_real <= ${now}`;
  if (busyLanes.length === 0) return claimRows(store, now, due, sql`due_at_real, work_id`, limit);
  const oldest = sql`select work_id from due_work where ${due} order by due_at_real, work_id limit ${window}`;
  const free = sql`lane is null or lane not in (${sql.join(busyLanes.map((lane) => sql.val(lane)))})`;
  const inWindow = sql`work_id in (select work_id from (${oldest}) as oldest) and (${free})`;
  const rows = await claimRows(store, now, inWindow, sql`due_at_real, work_id`, limit);
  if (rows.length === limit || !(await isFull(store, oldest))) return rows;
  return [...rows, ...(await claimBehind(store, limit - rows.length, busyLanes))];
}

/** Where in the order of real time a row stands. */
export type Position = Pick<DueWork, 'due_at_real' | 'work_id'>;

const front: Position = { due_at_real: 0, work_id: '' };

/** Takes rows of one lane, or of none, that come after a position: one by one it passes over all that are claimed. */
export async function claimLane(
  store: Store,
  lane: string | null,
  limit: number,
  { due_at_real, work_id }: Position = front,
): Promise<DueWork[]> {
  const now = realNow();
  const same = lane === null ? sql`lane is null` : sql`lane = ${lane}`;
  const behind = sql`(due_at_real, work_id) > (${due_at_real}, ${work_id})`;
  const due = sql`${same} and ${behind} and due_at_real <= ${now} and lease_until_real <= ${now}`;
  return claimRows(store, now, due, sql`due_at_real, work_id`, limit);
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

async function isFull(store: Store, oldest: RawBuilder<unknown>): Promise<boolean> {
  const { rows } = await sql<{ seen: number }>`select count(*) as seen from (${oldest}) as oldest`.execute(
    store.db,
  );
  return Number(rows[0]?.seen) === window;
}

/** Of every lane that is not busy and of what has no lane, as far as `limit` goes. */
async function claimBehind(store: Store, limit: number, busyLanes: readonly string[]): Promise<DueWork[]> {
  const claimed = await claimLane(store, null, limit);
  const busy = new Set(busyLanes);
  for (const lane of await dueLanes(store)) {
    if (claimed.length >= limit) break;
    if (!busy.has(lane)) claimed.push(...(await claimLane(store, lane, limit - claimed.length)));
  }
  return claimed;
}

/** From one lane to the next by the index, however much each has. */
async function dueLanes(store: Store): Promise<string[]> {
  const now = realNow();
  const { rows } = await sql<{ lane: string }>`
    with recursive lanes(lane) as (
      select min(lane) from due_work where lane is not null
      union all
      select (select min(lane) from due_work where lane > lanes.lane) from lanes where lanes.lane is not null
    )
    select lane from lanes where exists (
      select 1 from due_work where due_work.lane = lanes.lane
      and due_at_real <= ${now} and lease_until_real <= ${now})`.execute(store.db);
  return rows.map(({ lane }) => lane);
}

async function claimRows(
  store: Store,
  now: number,
  condition: RawBuilder<unknown>,
  order: RawBuilder<unknown>,
  limit: number,
): Promise<DueWork[]> {
  // What another process is just taking is passed over.
  const skipLocked = store.dialect === 'postgres' ? sql`for update skip locked` : sql``;
  const { rows } = await sql<DueWork>`
    update due_work set lease_until_real = ${now + leaseMilliseconds}, claimed_by = ${store.claimant},
      attempts = attempts + 1
    where work_id in (
      select work_id from due_work where ${condition} order by ${order} limit ${limit} ${skipLocked})
    returning work_id, kind, subject_id, provider_id, lane, sequence_key, due_at, due_at_real, attempts`.execute(
    store.db,
  );
  return rows.sort(inOrder);
}

/** As rows of one provider are to run. */
export function inOrder(one: DueWork, other: DueWork): number {
  return one.due_at - other.due_at || (one.work_id < other.work_id ? -1 : 1);
}
