import type { Client } from 'pg';
import { randomDigits } from '../platform/random.ts';
import { after, every, monotonicNow, realNow, second } from '../platform/time.ts';

/** How many processes there are on one database, this one included. */
export interface Living {
  /** Look for due work, all the time. */
  readonly working: number;
  /** Only serve, and send deliveries when a clock is advanced. */
  readonly serving: number;
}

/** This process among those that claim due work in one database. */
export interface Presence {
  /** The name under which it claims. */
  readonly claimant: number;
  /** As seen at the latest look, a second ago at most. */
  living(): Living;
  close(): Promise<void>;
}

/** Of the locks by which the living are known; nothing else takes advisory locks of two numbers. */
const lockClass = 7_104;
const lookEvery = second;
/** Whoever only lost a connection is back before that, and keeps what it is doing. */
const grace = 3 * second;

/**
 * Holds a lock in the name of this process, on a connection of its own: the database gives it up the moment that the
 * process dies. Whoever lives looks once a second, and what the dead had claimed is free again long before its leases
 * end. The look costs one statement over a table with a row per process.
 */
export async function takePart(url: string, works: boolean): Promise<Presence> {
  const { default: pg } = await import('pg');
  const claimant = Number(randomDigits(9));
  const missingSince = new Map<number, number>();
  let living: Living = { working: 1, serving: 0 };
  let client: Client | undefined;
  let closed = false;

  async function connect(): Promise<void> {
    const fresh = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 5_000,
      application_name: 'osigu-sandbox presence',
      options: '-c lock_timeout=2000 -c statement_timeout=10000',
    });
    fresh.on('error', () => {});
    await fresh.connect();
    try {
      await enter(fresh, claimant, works);
      living = await countLiving(fresh);
    } catch (error) {
      await fresh.end().catch(() => undefined);
      throw error;
    }
    fresh.on('end', reconnectSoon);
    if (closed) await fresh.end();
    else client = fresh;
  }

  function reconnectSoon(): void {
    client = undefined;
    missingSince.clear();
    if (!closed) after(second / 2, () => void connect().catch(reconnectSoon));
  }

  async function look(): Promise<void> {
    if (client === undefined) return;
    const missing = await selectMissing(client, claimant);
    const now = monotonicNow();
    for (const known of missingSince.keys()) if (!missing.includes(known)) missingSince.delete(known);
    for (const each of missing) if (!missingSince.has(each)) missingSince.set(each, now);
    const dead = missing.filter((each) => now - (missingSince.get(each) ?? now) >= grace);
    if (dead.length > 0) await bury(client, dead);
    living = await countLiving(client);
  }

  await connect();
  // What fails is tried again at the next look.
  const stopLooking = every(lookEvery, () => void look().catch(() => undefined));
  return {
    claimant,
    living: () => living,
    close: async () => {
      closed = true;
      stopLooking();
      await client?.query('delete from processes where claimant = $1', [claimant]).catch(() => undefined);
      await client?.end().catch(() => undefined);
    },
  };
}

/** The lock comes first: a row without one is somebody dead. */
async function enter(client: Client, claimant: number, works: boolean): Promise<void> {
  const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1, $2) as mine', [
    lockClass,
    claimant,
  ]);
  if (rows[0]?.mine !== true) throw new Error('The lock of this process is still held on another connection');
  await client.query(
    'insert into processes (claimant, started_at_real, works) values ($1, $2, $3) on conflict do nothing',
    [claimant, realNow(), works ? 1 : 0],
  );
}

/** Shared, so that two who look at once do not take each other for the missing one. */
async function selectMissing(client: Client, claimant: number): Promise<number[]> {
  const { rows } = await client.query<{ claimant: number }>(
    `select claimant::int as claimant from processes
     where claimant <> $1 and pg_try_advisory_xact_lock_shared($2, claimant::int)`,
    [claimant, lockClass],
  );
  return rows.map((row) => row.claimant);
}

/** The dead count until they are buried. */
async function countLiving(client: Client): Promise<Living> {
  const { rows } = await client.query<Living>(
    `select (count(*) filter (where works = 1))::int as working, (count(*) filter (where works = 0))::int as serving
     from processes`,
  );
  return rows[0] ?? { working: 1, serving: 0 };
}

async function bury(client: Client, dead: readonly number[]): Promise<void> {
  await client.query(
    `with dead as (
       delete from processes where claimant = any($1::bigint[])
       and pg_try_advisory_xact_lock_shared($2, claimant::int) returning claimant)
     update due_work set lease_until_real = 0, claimed_by = null
     where claimed_by in (select claimant from dead)`,
    [dead, lockClass],
  );
}
