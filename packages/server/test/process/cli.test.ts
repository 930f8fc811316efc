import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { type Migrations, migrations } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/store.ts';
import { initiate, requestBody } from '../flows.ts';
import { basic, createDatabase, type Reply, type TestProvider } from '../harness.ts';
import { later, laterName } from '../later-version.ts';
import { newProgram, type Program, runCommand, type Settings, until } from './process-harness.ts';

const requests = '/arc/v1/authorization-requests';
const onEmbedded = inject('dialect') === 'sqlite';
const names = Object.keys(migrations);
const OPERATOR_KEY = 'operator_cli_0123456789abcdef';

let directory: string;
/** Of a place where there is nothing yet, on the dialect of the project. */
let settings: Settings;
const releases: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'osigu-cli-'));
  const database = await createDatabase({ empty: true });
  releases.push(database.drop, () => rm(directory, { recursive: true, force: true }));
  settings = {
    PORT: '0',
    LOG_LEVEL: 'error',
    OPERATOR_KEY,
    DATA_DIR: join(directory, 'data'),
    ...(!onEmbedded && { DATABASE_URL: database.location }),
  };
});
afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release();
});

async function started(more: Settings = {}): Promise<Program> {
  const program = await newProgram({ settings: { ...settings, ...more } });
  releases.push(() => program.remove());
  await program.start();
  return program;
}

async function succeeds(words: readonly string[], more: Settings = {}): Promise<string> {
  const { stdout, ...end } = await runCommand(words, { ...settings, ...more });
  expect(end).toEqual({ code: 0, signal: null, stderr: '' });
  return stdout;
}

/** Exit 1 and what is said: one line, unless it lists several issues. */
async function fails(words: readonly string[], more: Settings = {}): Promise<string> {
  const end = await runCommand(words, { ...settings, ...more });
  expect(end).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^osigu-sandbox: .+\n/) });
  return end.stderr;
}

const lines = (verb: string, of: readonly string[]) => of.map((name) => `${verb} ${name}\n`).join('');
const locationOf = ({ DATABASE_URL, DATA_DIR = '' }: Settings) =>
  DATABASE_URL ?? join(DATA_DIR, 'sandbox.sqlite');

async function migrateWith(known: Migrations): Promise<void> {
  await mkdir(join(directory, 'data'), { recursive: true });
  await (await openStore({ location: locationOf(settings), poolSize: 1, migrations: known })).close();
}

describe('migrate', () => {
  test('of nothing: the dry run says all and makes nothing, then it is done once', async () => {
    expect(await succeeds(['migrate', '--dry-run'])).toBe(lines('pending', names));
    expect(await succeeds(['migrate', '--dry-run'])).toBe(lines('pending', names));
    expect(existsSync(join(directory, 'data'))).toBe(false);
    expect(await succeeds(['migrate'])).toBe(lines('applied', names));
    expect(await succeeds(['migrate'])).toBe('up to date\n');
    expect(await succeeds(['migrate', '--dry-run'])).toBe('up to date\n');
    if (!onEmbedded) return;
    const modes = await Promise.all(
      ['data', 'data/sandbox.sqlite'].map(async (path) => (await stat(join(directory, path))).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o600]);
  });

  test('of an older database: what is missing', async () => {
    const old = names.slice(0, -2);
    await migrateWith(Object.fromEntries(Object.entries(migrations).filter(([name]) => old.includes(name))));
    expect(await succeeds(['migrate', '--dry-run'])).toBe(lines('pending', names.slice(-2)));
    expect(await succeeds(['migrate'])).toBe(lines('applied', names.slice(-2)));
  });

  test('of a newer one: refused in one line, and so is a start', async () => {
    await migrateWith(later);
    const setting = onEmbedded ? 'DATA_DIR' : 'DATABASE_URL';
    const line = `osigu-sandbox: ${setting} names a database that is too new: its schema is newer than this version: ${laterName}\n`;
    for (const words of [['migrate', '--dry-run'], ['migrate'], ['start'], []]) {
      expect(await fails(words)).toBe(line);
    }
  });
});

describe('words that mean nothing', () => {
  test('a command that is none', async () => {
    const { code, stderr } = await runCommand(['frobnicate'], settings);
    expect([code, stderr.split('\n', 1)[0]]).toEqual([1, "error: unknown command 'frobnicate'"]);
  });

  test('a role that needs a database to share', async () => {
    const { DATABASE_URL: _shared, ...alone } = settings;
    for (const role of ['serve', 'work']) {
      const { code, stderr } = await runCommand([role], alone);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/^osigu-sandbox: DATABASE_URL is missing: .+\n$/),
      ]);
    }
  });
});

/** The client with a token of another place that has its credentials. */
async function arrived(at: Program, left: TestProvider): Promise<TestProvider> {
  const granted = await at.call('POST', '/v1/oauth/token', {
    body: 'grant_type=client_credentials',
    headers: {
      ...basic(left.client_id, left.client_secret),
      'content-type': 'application/x-www-form-urlencoded',
    },
  });
  const headers = { authorization: `Bearer ${granted.body.access_token}` };
  return { ...left, call: (method, url, body) => at.call(method, url, { body, headers }) };
}

/** Writes beside each other until told to stop. */
function keepWriting(provider: TestProvider) {
  const replies: Reply[] = [];
  let going = true;
  const client = async () => {
    while (going) replies.push(await provider.call('POST', requests, requestBody(provider)));
  };
  const running = Promise.all(Array.from({ length: 8 }, client));
  return {
    replies,
    end: async () => {
      going = false;
      await running;
    },
  };
}

async function missing(provider: TestProvider, ids: readonly string[]): Promise<string[]> {
  const replies = await Promise.all(ids.map((id) => provider.call('GET', `${requests}/${id}`)));
  return ids.filter((_, index) => replies[index]?.status !== 200);
}

describe('backup', () => {
  const copy = () => join(directory, 'copy.sqlite');

  if (onEmbedded)
    test('under load: whole, with all that was acknowledged before it, and a start on it goes on', async () => {
      const program = await started();
      const provider = await program.provider();
      const load = keepWriting(provider);
      await until('some writes', () => load.replies.length > 200);
      const before = load.replies.length;
      expect(await succeeds(['backup', copy()], { DATA_DIR: program.environment.DATA_DIR ?? '' })).toBe('');
      await load.end();
      expect(load.replies.length).toBeGreaterThan(before);
      expect(new Set(load.replies.map(({ status }) => status))).toEqual(new Set([201]));
      expect((await stat(copy())).mode & 0o777).toBe(0o600);
      const database = new DatabaseSync(copy(), { readOnly: true });
      expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
      database.close();

      const restored = join(directory, 'restored');
      await mkdir(restored);
      await copyFile(copy(), join(restored, 'sandbox.sqlite'));
      const second = await started({ DATA_DIR: restored });
      const ids = load.replies.slice(0, before).map(({ body }) => body.authorization_request_id);
      // Its tokens too.
      const headers = { authorization: `Bearer ${provider.token}` };
      const there: TestProvider = {
        ...provider,
        call: (method, url, body) => second.call(method, url, { body, headers }),
      };
      expect(await missing(there, ids)).toEqual([]);
      expect(await initiate(there)).toMatch(/^areq_/);
    });

  test('of what is no embedded database', async () => {
    const said = await fails(['backup', copy()]);
    expect(said).toContain(onEmbedded ? 'DATA_DIR is wrong: there is no database in' : 'use pg_dump');
    expect(existsSync(copy())).toBe(false);
  });
});

describe('export and import', () => {
  const file = () => join(directory, 'clinic.json');
  /** Another place, always an embedded one: across dialects where the project is on PostgreSQL. */
  const elsewhere = (): Settings => ({ DATABASE_URL: '', DATA_DIR: join(directory, 'elsewhere') });
  /** Where the program of `started` keeps its data. */
  const itsPlace = ({ environment }: Program): Settings => ({ DATA_DIR: environment.DATA_DIR ?? '' });

  test('of a provider as one file, there and back', { timeout: 60_000 }, async () => {
    const program = await started();
    const left = await program.provider();
    const first = await initiate(left);
    await succeeds(['export', left.slug, file()], itsPlace(program));
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await succeeds(['import', file()], elsewhere())).toMatch(
      new RegExp(`^imported ${left.slug}, \\d+ rows\n$`),
    );
    const there = await started(elsewhere());
    const second = await initiate(await arrived(there, left));
    expect(await missing(await arrived(there, left), [first, second])).toEqual([]);
    await there.end('SIGTERM');

    await succeeds(['export', left.slug, file()], elsewhere());
    expect(await fails(['import', file()], elsewhere())).toContain('cannot import');
    const third: Settings = onEmbedded
      ? { DATA_DIR: join(directory, 'third') }
      : { DATABASE_URL: await freshDatabase() };
    await succeeds(['import', file()], third);
    const back = await started(third);
    expect(await missing(await arrived(back, left), [first, second])).toEqual([]);
  });

  test('of nobody, of nothing, of a place that is in use', async () => {
    if (onEmbedded) {
      expect(await fails(['export', 'nobody', file()])).toContain('there is no database in');
      expect(existsSync(join(directory, 'data'))).toBe(false);
    }
    const program = await started();
    expect(await fails(['export', 'nobody', file()], itsPlace(program))).toContain('cannot export');
    expect(existsSync(file())).toBe(false);
    expect(await fails(['import', file()], elsewhere())).toContain('ENOENT');
    await writeFile(file(), 'Dear sandbox');
    expect(await fails(['import', file()], elsewhere())).toContain('cannot import');
    await writeFile(file(), '{}');
    expect(await fails(['import', file()], elsewhere())).toMatch(/\n {2}format /);
    if (!onEmbedded) return;
    const provider = await program.provider();
    await succeeds(['export', provider.slug, file()], itsPlace(program));
    expect(await fails(['import', file()], itsPlace(program))).toContain('stop the server first');
  });
});

async function freshDatabase(): Promise<string> {
  const database = await createDatabase({ empty: true });
  releases.push(database.drop);
  return database.location;
}
