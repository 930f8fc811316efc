import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './client.ts';
import { requestOf, requests } from './flow.ts';
import { repeat } from './load.ts';
import { type Figure, quantile } from './report.ts';
import { clientOf, startSandbox } from './sandbox.ts';
import { inWorkplace } from './workplace.ts';

const count = 10_000;

/**
 * Decisions of an asynchronous sponsor that all fall due within one second: how long after its time each is made.
 * Their times are moved together in the file while the server is stopped, for no client is fast enough to do it.
 */
export function decisions(): Promise<readonly Figure[]> {
  return inWorkplace(async ({ directory, using }) => {
    const before = await startSandbox(directory);
    const provider = await before.provider('clinic-bench');
    const client = clientOf(before, provider);
    await repeat(count, 32, () => ask(client, provider.beneficiary_id));
    await client.stop();
    await before.stop();

    const file = join(directory, 'data', 'sandbox.sqlite');
    const { rows, last } = moveTogether(file, Date.now() + 5_000);
    using(await startSandbox(directory));
    const late = await lateness(file, rows, last);
    return [
      { name: 'decisions due within one second', value: rows, unit: '' },
      { name: 'lateness p50', value: quantile(late, 0.5), unit: 'ms' },
      { name: 'lateness p99', value: quantile(late, 0.99), unit: 'ms', aim: 'below 1000' },
      { name: 'decisions lost', value: rows - late.length, unit: '', mustBe: 0 },
    ];
  });
}

async function ask(client: Client, beneficiary_id: string): Promise<void> {
  const body = requestOf(beneficiary_id, 'sponsor-sandbox-async');
  const { authorization_request_id } = (await client.call('POST', requests, body)) as {
    authorization_request_id: string;
  };
  await client.call('POST', `${requests}/${authorization_request_id}/complete`);
}

/** Spreads what is due over the second from `start`, and notes when each is. */
function moveTogether(file: string, start: number): { rows: number; last: number } {
  const database = new DatabaseSync(file);
  database.exec(
    'create table bench_due (request_id text primary key, due_at integer not null) without rowid',
  );
  const { changes } = database
    .prepare(
      `insert into bench_due select subject_id, ? + (row_number() over (order by work_id) - 1) * 1000 / count(*) over ()
       from due_work where kind = 'authorization.decision'`,
    )
    .run(start);
  database.exec(
    `update due_work set due_at = moved.due_at, due_at_real = moved.due_at
     from bench_due as moved where kind = 'authorization.decision' and subject_id = moved.request_id`,
  );
  database.close();
  return { rows: Number(changes), last: start + 1_000 };
}

/** Of every decision that was made, ms; waits for as many as there are, while there is progress. */
async function lateness(file: string, rows: number, last: number): Promise<number[]> {
  const database = new DatabaseSync(file, { readOnly: true });
  const select = database.prepare(
    `select authorizations.decided_at - bench_due.due_at as late from bench_due
     join authorizations on authorizations.authorization_request_id = bench_due.request_id
     where authorizations.decided_at is not null`,
  );
  await sleep(Math.max(last - Date.now(), 0));
  for (let seen = -1; ; ) {
    await sleep(1_000);
    const found = select.all().map(({ late }) => Number(late));
    if (found.length === rows || found.length === seen) {
      database.close();
      return found;
    }
    seen = found.length;
  }
}
