import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../server/test/embedded-postgres.ts';
import { freePort } from './child.ts';

export interface EmbeddedServer {
  /** Makes an empty database. */
  database(name: string): Promise<string>;
  /** Used so far by all of its processes, ms. */
  processorTime(): number;
  stop(): Promise<void>;
}

/** With the settings that PostgreSQL comes with, durability among them; undefined where it cannot be started. */
export async function startPostgres(): Promise<EmbeddedServer | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'osigu-bench-postgres-'));
  // Started as root, the server runs as another user, who has to get in.
  await chmod(directory, 0o755);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    console.error(`PostgreSQL is left out: ${String(error)}`);
    return undefined;
  }
  const pid = Number(readFileSync(join(directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  return {
    database: async (name) => {
      await server.createDatabase(name);
      return `postgres://postgres:postgres@127.0.0.1:${port}/${name}`;
    },
    processorTime: () => familyTime(pid),
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Of a process, its living children and those that have ended; in ticks of 10 ms. */
function familyTime(pid: number): number {
  if (!existsSync('/proc/self/stat')) return Number.NaN;
  const own = statOf(String(pid));
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statOf)
    .filter((stat) => stat[1] === pid);
  const ticks = [own, ...children].reduce((sum, stat) => sum + (stat[11] ?? 0) + (stat[12] ?? 0), 0);
  return (ticks + (own[13] ?? 0) + (own[14] ?? 0)) * 10;
}

/** The fields after the name, the parent second. */
function statOf(pid: string): readonly number[] {
  try {
    return (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1] ?? '').split(' ').map(Number);
  } catch {
    return [];
  }
}
