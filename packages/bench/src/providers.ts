import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from './database.ts';
import { multiply, relax, tenants } from './fill.ts';
import { flow } from './flow.ts';
import { repeat } from './load.ts';
import { startReceiver } from './receiver.ts';
import type { Figure } from './report.ts';
import { clientOf, person, type Sandbox, startSandbox } from './sandbox.ts';
import { claimsOf, signerOf } from './tokens.ts';
import { type Contender, takeTurns } from './turns.ts';
import { inWorkplace, type Workplace } from './workplace.ts';

const sizes = [1, 1_000, 10_000] as const;
const turns = { rounds: 5, seconds: 2, warmup: 3, workers: 16 } as const;

/**
 * The mixed flow, each time of another provider, drawn from one, a thousand and ten thousand, all of them active. First
 * with subscriptions to events that do not happen: who has a receiver of its own also has connections of its own.
 */
export async function providers({ full }: { readonly full: boolean }): Promise<readonly Figure[]> {
  const silent = await inWorkplace((place) => compare(place, 'settlement.paid'));
  if (!full) return silent;
  const delivering = await inWorkplace((place) => compare(place, '*'));
  return [...silent, ...delivering.map((figure) => ({ ...figure, name: `delivering, ${figure.name}` }))];
}

async function compare({ directory, using }: Workplace, event_type: string): Promise<readonly Figure[]> {
  const receiver = using(await startReceiver());
  const subscription = { url: receiver.url, event_types: [event_type] };
  const sides: Side[] = [];
  for (const count of sizes) {
    const place = join(directory, String(count));
    mkdirSync(place);
    sides.push(await populate(place, count, subscription, using));
  }
  const taken = await takeTurns(sides, turns, (index) => (call) => {
    const callers = sides[index]?.callers ?? [];
    const caller = callers[Math.floor(Math.random() * callers.length)];
    if (caller === undefined) throw new Error('Nobody calls');
    return flow((method, path, body) => call(method, path, body, caller.authorization), caller);
  });
  const base = taken[0]?.microseconds ?? Number.NaN;
  return taken.flatMap((each, index): Figure[] => {
    const name = `of ${sizes[index]}`;
    const ratio = {
      name: `${name}: ratio`,
      value: each.microseconds / base,
      unit: '',
      aim: 'at most 1.10',
    } as const;
    return [
      { name: `${name}: processor time of a call`, value: each.microseconds / 1_000, unit: 'ms' },
      ...(index === 0 ? [] : [ratio]),
      { name: `${name}: calls`, value: each.callsPerSecond, unit: '/s' },
      { name: `${name}: memory`, value: sides[index]?.sandbox.child.memory() ?? Number.NaN, unit: 'MB' },
      { name: `${name}: errors`, value: each.errors.length, unit: '', mustBe: 0 },
    ];
  });
}

interface Caller {
  readonly authorization: string;
  readonly beneficiary_id: string;
}

interface Side extends Contender {
  readonly sandbox: Sandbox;
  readonly callers: readonly Caller[];
}

/** One provider that the server made, and copies of it up to `count`, each with a token and a subscription. */
async function populate(
  directory: string,
  count: number,
  subscription: { readonly url: string; readonly event_types: readonly string[] },
  using: Workplace['using'],
): Promise<Side> {
  const first = await startSandbox(directory);
  const provider = await first.provider('clinic-bench');
  const owner = clientOf(first, provider, 1);
  await owner.call('POST', '/webhooks/v1/subscriptions', subscription);
  await owner.stop();
  await first.stop();
  const callers = await copy(join(directory, 'data', 'sandbox.sqlite'), provider.token, count - 1);

  const sandbox = using(await startSandbox(directory));
  const client = using(clientOf(sandbox, provider, turns.workers));
  // A token is checked by its signature once.
  await repeat(callers.length, turns.workers, (index) =>
    client.call('GET', '/v1/sponsors', undefined, callers[index]?.authorization),
  );
  return { sandbox, client, callers, processorTime: sandbox.child.processorTime };
}

async function copy(file: string, token: string, copies: number): Promise<Caller[]> {
  const database = await openDatabase(file);
  try {
    await relax(database);
    await database.run('begin');
    const [original] = await database.rows(
      `select provider_id from providers where provider_slug = 'clinic-bench'`,
    );
    const past = { before: 0, daysAgo: 0 };
    await multiply(database, tenants, String(original?.provider_id), copies, past);
    await database.run('commit');
    const signed = await signerOf(database);
    const rows = await database.rows(
      `select client_id, provider_slug, beneficiary_id from providers join clients using (provider_id)
       join beneficiaries using (provider_id)
       where document_number = '${person.document_number}' and provider_slug like 'clinic-%'
       and provider_slug <> 'clinic-example'`,
    );
    return rows.map(({ client_id, provider_slug, beneficiary_id }) => ({
      authorization: `Bearer ${signed({ ...claimsOf(token), client_id, sub: client_id, provider_slug })}`,
      beneficiary_id: String(beneficiary_id),
    }));
  } finally {
    await database.stop();
  }
}
