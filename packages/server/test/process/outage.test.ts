import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { initiate, requestBody } from '../flows.ts';
import { createDatabase, onServer, type Reply, startSandbox, type TestProvider } from '../harness.ts';
import { newProgram, type Program, until } from './process-harness.ts';
import { startReceiver } from './receiver.ts';
import { startProxy } from './tcp-proxy.ts';

const requests = '/arc/v1/authorization-requests';
/** Where the kernel lets a user have file systems of their own. */
const apart = { command: 'unshare', flags: ['-Urm'] };

let program: Program | undefined;
const releases: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  await program?.remove();
  program = undefined;
  for (const release of releases.splice(0)) await release();
});

const write = (provider: TestProvider) => provider.call('POST', requests, requestBody(provider));

/** Writes beside each other until told to stop; answers what came back. */
function keepWriting(provider: TestProvider, clients: number) {
  const replies: Reply[] = [];
  const broken: unknown[] = [];
  let going = true;
  const client = async () => {
    try {
      while (going) replies.push(await write(provider));
    } catch (error) {
      broken.push(error);
    }
  };
  const running = Promise.all(Array.from({ length: clients }, client));
  return {
    replies,
    end: async () => {
      going = false;
      await running;
      expect(broken).toEqual([]);
    },
  };
}

/** A small write may still find room where a larger one did not. */
function isOver(replies: readonly Reply[]): boolean {
  return replies.length > 40 && replies.slice(-40).every((reply) => reply.status === 503);
}

function expectUnavailable(reply: Reply): void {
  expect([reply.status, reply.body?.code]).toEqual([503, '071-503']);
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
}

/** Every 201 is there, and what was no 201 was a 503 as it should be. */
async function expectNothingLost(provider: TestProvider, replies: readonly Reply[]): Promise<void> {
  for (const reply of replies) {
    if (reply.status !== 201) expectUnavailable(reply);
    else {
      const read = await provider.call('GET', `${requests}/${reply.body.authorization_request_id}`);
      expect(read.body).toEqual(reply.body);
    }
  }
}

/** The work that happens later goes on too. */
async function expectDelivery(provider: TestProvider): Promise<void> {
  const receiver = await startReceiver();
  releases.push(() => receiver.close());
  await receiver.subscribe(provider);
  const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-async' });
  await provider.call('POST', `${requests}/${id}/complete`);
  await provider.advance(29);
  await until('the decision of the asynchronous sponsor', () => receiver.events().length === 1);
  expect(receiver.complaints()).toEqual([]);
}

const timed = async <T>(work: Promise<T>): Promise<{ answer: T; seconds: number }> => {
  const started = performance.now();
  return { answer: await work, seconds: (performance.now() - started) / 1_000 };
};

function embeddedOutages(): void {
  test('another process has locked the database: 503 at once, reads go on, and writes when it is over', async () => {
    program = await newProgram();
    await program.start();
    const provider = await program.provider();
    const before = await Promise.all(Array.from({ length: 8 }, () => write(provider)));

    const other = new DatabaseSync(join(program.dataDir, 'sandbox.sqlite'));
    releases.push(() => other.close());
    other.exec('begin exclusive');
    const alone = await timed(write(provider));
    expectUnavailable(alone.answer);
    expect(alone.seconds).toBeLessThan(2);
    // They do not queue up, each for the whole patience of the database.
    const together = await timed(Promise.all(Array.from({ length: 20 }, () => write(provider))));
    for (const reply of together.answer) expectUnavailable(reply);
    expect(together.seconds).toBeLessThan(2);
    const read = await timed(provider.call('GET', `${requests}/${before[0]?.body.authorization_request_id}`));
    expect([read.answer.status, read.seconds < 1]).toEqual([200, true]);
    other.exec('rollback');

    const after = await Promise.all(Array.from({ length: 8 }, () => write(provider)));
    expect(after.map((reply) => reply.status)).toEqual(Array(8).fill(201));
    await expectNothingLost(provider, [...before, ...after]);
    await expectDelivery(provider);
  });

  test('a short lock is waited for', async () => {
    program = await newProgram();
    await program.start();
    const provider = await program.provider();
    const other = new DatabaseSync(join(program.dataDir, 'sandbox.sqlite'));
    releases.push(() => other.close());
    other.exec('begin exclusive');
    const timer = setTimeout(() => other.exec('rollback'), 100);
    releases.unshift(() => clearTimeout(timer));
    expect((await write(provider)).status).toBe(201);
  });

  test('the database may not grow: 503, what is there stays, writes go on when there is room', async () => {
    const sandbox = await startSandbox();
    releases.push(() => sandbox.stop());
    const provider = await sandbox.provider();
    const { db } = sandbox.sandbox.units.store;
    const limit = (pages: number) => sql.raw(`pragma max_page_count = ${pages}`).execute(db);
    // Below what there is, it means: not a page more.
    await limit(1);
    const load = keepWriting(provider, 8);
    await until('the database to be full', () => isOver(load.replies), 20);
    await load.end();
    // Writes that arrive together fail together; one by itself may still find room in a page.
    const alone = [await write(provider)];
    while (alone.length < 500 && alone.at(-1)?.status === 201) alone.push(await write(provider));
    const keyed = await provider.call('POST', requests, requestBody(provider), { 'idempotency-key': 'full' });
    expectUnavailable(keyed);
    await limit(1_000_000);
    const again = await provider.call('POST', requests, requestBody(provider), { 'idempotency-key': 'full' });
    expect(again.status).toBe(201);
    await expectNothingLost(provider, [...load.replies, ...alone, again, await write(provider)]);
  });

  const canMount =
    spawnSync(apart.command, [...apart.flags, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
  if (canMount) test('the disk is full: 503, what is there stays, writes go on when there is room', fullDisk);
}

async function fullDisk(): Promise<void> {
  const OPERATOR_KEY = 'operator_full_disk_0123456789';
  const script = 'mount -t tmpfs -o size=3m tmpfs "$DATA_DIR" && exec "$@"';
  program = await newProgram({
    settings: { OPERATOR_KEY },
    prefix: [apart.command, ...apart.flags, 'sh', '-c', script, 'sh'],
  });
  await mkdir(program.dataDir);
  await program.start();
  const provider = await program.provider();
  const load = keepWriting(provider, 8);
  await until('some writes', () => load.replies.length > 50);
  // The file system as the program sees it.
  const ballast = join('/proc', String(program.pid()), 'root', program.dataDir, 'ballast');
  await writeFile(ballast, Buffer.alloc(4_000_000)).catch((error: NodeJS.ErrnoException) => {
    expect(error.code).toBe('ENOSPC');
  });
  await until('the disk to be full', () => isOver(load.replies), 20);
  expect((await provider.call('GET', requests)).status).toBe(200);
  await load.end();
  await rm(ballast);
  const after = await until('room', async () => {
    const reply = await write(provider);
    return reply.status === 201 && reply;
  });
  await expectNothingLost(provider, [...load.replies, after]);
  await expectDelivery(provider);
  expect(program.isRunning()).toBe(true);
}

function serverOutages(): void {
  test('the server is gone: 503, and everything goes on when it is back', async () => {
    const database = await createDatabase();
    releases.push(() => database.drop());
    const url = new URL(database.location);
    const proxy = await startProxy(url.hostname, Number(url.port));
    url.port = String(proxy.port);
    program = await newProgram({ settings: { DATABASE_URL: url.href } });
    await program.start();
    const provider = await program.provider();
    const load = keepWriting(provider, 8);
    for (let round = 0; round < 3; round += 1) {
      const before = load.replies.length;
      await until('some writes', () => load.replies.slice(before).some((reply) => reply.status === 201));
      await proxy.cut();
      const cutAt = load.replies.length;
      await until('some refusals', () => load.replies.length > cutAt + 16);
      const late = await timed(write(provider));
      expectUnavailable(late.answer);
      expect(late.seconds).toBeLessThan(2);
      expect((await program.call('GET', '/readyz')).status).toBe(503);
      expect((await program.call('GET', '/healthz')).status).toBe(200);
      await proxy.restore();
    }
    await until('it to be ready', async () => (await program?.call('GET', '/readyz'))?.status === 200);
    await load.end();
    await expectNothingLost(provider, [...load.replies, await write(provider)]);
    await expectDelivery(provider);
    expect(program.isRunning()).toBe(true);
    await proxy.cut();
  });

  test('the server ends its connections under load: 503 for some, and no more than that', async () => {
    program = await newProgram();
    await program.start();
    const provider = await program.provider();
    const load = keepWriting(provider, 8);
    const { DATABASE_URL = '' } = program.environment;
    for (let round = 0; round < 5; round += 1) {
      const before = load.replies.length;
      await until('some writes', () => load.replies.slice(before).some((reply) => reply.status === 201));
      await onServer(
        DATABASE_URL,
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
    }
    await load.end();
    await expectNothingLost(provider, [...load.replies, await write(provider)]);
    await expectDelivery(provider);
    expect(program.isRunning()).toBe(true);
  });
}

describe(
  'the database cannot be had for a while',
  inject('dialect') === 'sqlite' ? embeddedOutages : serverOutages,
);
