import { readFile, stat } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { initiate } from '../flows.ts';
import { basic, type Json } from '../harness.ts';
import { createLoad, seeded } from './load.ts';
import { allOf, newProgram, type Program, until } from './process-harness.ts';
import { type Receiver, startReceiver } from './receiver.ts';

let program: Program;
let receiver: Receiver;

beforeEach(async () => {
  program = await newProgram();
  receiver = await startReceiver();
  await program.start();
});
afterEach(async () => {
  await program.remove();
  await receiver.close();
});

interface Answered {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  /** The connection was there before. */
  readonly reused: boolean;
}

function callOver(agent: Agent, url: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (answer) => {
      const { statusCode: status, headers } = answer;
      answer.resume().on('end', () => {
        resolve({ status, connection: headers.connection, reused: request.reusedSocket });
      });
    }).on('error', reject);
  });
}

describe('SIGTERM', () => {
  test('under load answers what it has taken, and what was due goes on after the next start', async () => {
    const provider = await program.provider();
    await receiver.subscribe(provider);
    receiver.hold();
    const load = createLoad(provider, seeded(4));
    const running = load.run(8);
    await until('deliveries on their way', () => receiver.held() === 8 && load.acknowledged.size > 100);

    load.stopIsNear();
    const asked = performance.now();
    const end = program.end('SIGTERM');
    await running;
    // It still waits for the receiver, but takes no calls once what came over open connections is answered.
    await until('calls to be refused', () =>
      program.call('GET', '/healthz').then(
        () => false,
        (error: Error) => (error.cause as NodeJS.ErrnoException).code === 'ECONNREFUSED',
      ),
    );
    receiver.release();
    expect(await end).toEqual({ code: 0, signal: null });
    expect(performance.now() - asked).toBeLessThan(15_000);
    expect(load.violations).toEqual([]);

    await program.start();
    const path = '/dispensing/v1/dispensations';
    const present = (await allOf(provider, path)).map(
      (row: Json) => `${path}/${row.dispensation_id} ${row.status}`,
    );
    const answered = [...load.acknowledged]
      .filter(([url]) => url.startsWith(path))
      .map(([url, status]) => `${url} ${status}`);
    // Both ways: nothing was lost, and nothing was done to a call that got no answer.
    expect(present.sort()).toEqual(answered.sort());
    const due = present.length + present.filter((row) => row.endsWith('COMPLETED')).length;
    const dispensing = () =>
      receiver.events().filter(({ event_type }) => event_type.startsWith('dispensing.'));
    await until('what was left to deliver', () => dispensing().length === due);
    expect(receiver.complaints()).toEqual([]);
  });

  test('takes a call that comes over an open connection meanwhile, and says that it was the last one there', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const url = `${program.baseUrl()}/healthz`;
    const first = await callOver(agent, url);
    expect(first).toMatchObject({ status: 200, connection: 'keep-alive' });
    const end = program.end('SIGTERM');
    // Every call until then is answered, and over the same connection.
    const answers: Answered[] = [];
    await until('it to say that it stops', async () => {
      answers.push(await callOver(agent, url));
      return answers.at(-1)?.connection === 'close';
    });
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, reused: true });
    expect(await end).toEqual({ code: 0, signal: null });
    agent.destroy();
  });

  // The wait is the worker's, the same on both.
  const onEmbedded = inject('dialect') === 'sqlite';
  if (onEmbedded)
    test('does not wait for a receiver that never answers', { timeout: 40_000 }, async () => {
      const provider = await program.provider();
      await receiver.subscribe(provider);
      receiver.hold();
      const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-async' });
      await provider.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
      const advancing = provider.advance(30).catch(() => undefined);
      await until('a delivery on its way', () => receiver.held() === 1);
      const asked = performance.now();
      expect(await program.end('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(performance.now() - asked).toBeLessThan(15_000);
      await advancing;
    });
});

test('a second start says the same credentials in a line that works, and takes the tokens of the first', async () => {
  const announced = () =>
    /^ +curl -s -u (?<id>\S+):(?<secret>\S+) -d (?<body>\S+) http:\S+(?<path>\/v1\S+)$/m.exec(
      program.output().stdout,
    )?.groups;
  const first = announced();
  const { token, slug } = await program.provider();
  const modes = await Promise.all(
    ['', 'operator.key', 'clinic-example.env'].map(async (name) => {
      const { mode } = await stat(join(program.dataDir, name));
      return (mode & 0o777).toString(8);
    }),
  );
  expect(modes).toEqual(['700', '600', '600']);
  const key = await readFile(join(program.dataDir, 'operator.key'), 'utf8');

  expect(await program.end('SIGTERM')).toEqual({ code: 0, signal: null });
  await program.start();
  expect(announced()).toEqual(first);
  expect(await readFile(join(program.dataDir, 'operator.key'), 'utf8')).toBe(key);
  expect(await readFile(join(program.dataDir, 'clinic-example.env'), 'utf8')).toContain(program.baseUrl());
  const { id = '', secret = '', body, path = '' } = announced() ?? {};
  const granted = await program.call('POST', path, {
    body,
    headers: { ...basic(id, secret), 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(granted.status).toBe(200);
  const clock = await program.call('GET', `/_sandbox/v1/providers/${slug}/clock`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(clock.status).toBe(200);
});

test('the asynchronous sponsor decides by itself when its time has come', async () => {
  const provider = await program.provider();
  await receiver.subscribe(provider);
  const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-async' });
  await provider.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
  await provider.advance(27);
  expect(receiver.events()).toEqual([]);
  // Nobody calls any more: what is left of the thirty seconds passes in real time.
  await until('the decision', () => receiver.events().length === 1, 5);
  expect(receiver.events()).toMatchObject([
    { event_type: 'authorization.created', data: { authorization_request_id: id } },
  ]);
});

// The database has no part in it.
if (inject('dialect') === 'sqlite') {
  test('a first start that finds its port taken costs nothing', async () => {
    const other = await newProgram({ settings: { PORT: new URL(program.baseUrl()).port } });
    try {
      await expect(other.start()).rejects.toThrow('PORT is wrong');
      await other.start({ PORT: '0' });
      expect(other.output().stdout).toMatch(/Secret +secret_/);
    } finally {
      await other.remove();
    }
  });
}

if (inject('dialect') === 'postgres') {
  test('two processes start at once on one empty database, and serve as one', async () => {
    const empty = await newProgram();
    const beside = await newProgram({ settings: { ...empty.environment, DATA_DIR: program.dataDir } });
    try {
      await Promise.all([empty.start(), beside.start()]);
      const { token, slug } = await empty.provider();
      const reply = await beside.call('GET', `/_sandbox/v1/providers/${slug}/clock`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(reply.status).toBe(200);
    } finally {
      await beside.remove();
      await empty.remove();
    }
  });
}
