import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { runToEnd, type Settings } from './process-harness.ts';

/** No secret of a setting may stand in what is printed. */
const password = 'pa55word';

let directory: string;
let usual: Settings;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'osigu-settings-'));
  const postgresUrl = inject('postgresUrl');
  usual = {
    PORT: '0',
    DATA_DIR: join(directory, 'data'),
    ...(postgresUrl !== undefined && { DATABASE_URL: postgresUrl }),
  };
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function refuses(name: string, settings: Settings): Promise<string> {
  const end = await runToEnd({ ...usual, ...settings });
  const oneLine = expect.stringMatching(new RegExp(`^osigu-sandbox: ${name} is .+\n$`));
  expect(end).toEqual({ code: 1, signal: null, stdout: '', stderr: oneLine });
  expect(end.stderr).not.toContain(password);
  return end.stderr;
}

/** What is read from the environment alone; more of it in config.test.ts. */
const wrong: Settings = {
  PORT: 'http',
  DATABASE_URL: `mysql://user:${password}@localhost/db`,
  PUBLIC_URL: 'sandbox.example',
  PROFILE: 'staging',
  HOSTED: 'yes',
  OPERATOR_KEY: 'short',
  SMTP_URL: `http://user:${password}@mail.example`,
  LOG_LEVEL: 'loud',
  CORS_ORIGINS: 'app.example',
  ACCEPT_ANY_CREDENTIALS: 'perhaps',
};

const rule = 'a wrong setting stops the start with one line that names it';

// The database has no part in these.
if (inject('dialect') === 'sqlite') {
  describe(rule, () => {
    test('each on its own', async () => {
      for (const [name, value] of Object.entries(wrong)) await refuses(name, { [name]: value });
    });

    test('what is published but not built yet says so', async () => {
      const refused = await refuses('ACCEPT_ANY_CREDENTIALS', { ACCEPT_ANY_CREDENTIALS: 'true' });
      expect(refused).toContain('is not supported yet');
    });

    test('a Redis that cannot be reached', async () => {
      const at = (place: string) => refuses('REDIS_URL', { REDIS_URL: `redis://:${password}@${place}` });
      expect(await at('127.0.0.1:1')).toContain('cannot reach Redis (connect ECONNREFUSED');
      expect(await at('no-such-host.invalid:6379')).toContain('no-such-host.invalid');
    });

    test('a port that is taken, a host of elsewhere', async () => {
      const taken = createServer();
      const port = await new Promise<number>((resolve) => {
        taken.listen(0, '127.0.0.1', () => {
          const address = taken.address();
          resolve(typeof address === 'object' && address !== null ? address.port : 0);
        });
      });
      expect(await refuses('PORT', { PORT: String(port) })).toContain('EADDRINUSE');
      taken.close();
      expect(await refuses('HOST', { HOST: '203.0.113.7' })).toContain('203.0.113.7');
      expect(await refuses('HOST', { HOST: 'no-such-host.invalid' })).toContain('no-such-host.invalid');
    });

    test('a directory that cannot be one, or cannot be written', async () => {
      const file = join(directory, 'file');
      await writeFile(file, '');
      await refuses('DATA_DIR', { DATA_DIR: file });
      await refuses('DATA_DIR', { DATA_DIR: join(file, 'below') });
      // Not even the superuser can make files there.
      if (process.platform === 'linux') await refuses('DATA_DIR', { DATA_DIR: '/proc' });
    });
  });
}

describe(rule, () => {
  test('a database that is not one', async () => {
    const operator = { OPERATOR_KEY: 'operator_0123456789abcdef' };
    if (inject('dialect') === 'sqlite') {
      const DATA_DIR = await mkdtemp(join(directory, 'damaged-'));
      await writeFile(join(DATA_DIR, 'sandbox.sqlite'), 'This is a letter, not a database. '.repeat(100));
      await refuses('DATA_DIR', { ...operator, DATA_DIR });
      return;
    }
    const postgresUrl = new URL(inject('postgresUrl') ?? '');
    const to = (change: (url: URL) => void) => {
      const url = new URL(postgresUrl);
      change(url);
      return url.href;
    };
    const urls = [
      to((url) => {
        url.port = '1';
      }),
      to((url) => {
        url.password = password;
      }),
      to((url) => {
        url.pathname = '/no_such_database';
      }),
      to((url) => {
        url.hostname = 'no-such-host.invalid';
      }),
    ];
    for (const DATABASE_URL of urls) await refuses('DATABASE_URL', { DATABASE_URL });
  });
});
