import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Child {
  readonly process: ChildProcess;
  /** Resident memory, MB. */
  memory(): number;
  /** Processor time used so far, ms. */
  processorTime(): number;
  stop(): Promise<void>;
}

/** A Node process of its own; what it prints goes to the file `output`, as a service's log would. */
export function startChild(
  script: URL,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  output: string,
): Child {
  const file = openSync(output, 'a');
  const extra = (process.env.BENCH_NODE_OPTIONS ?? '').split(' ').filter((option) => option !== '');
  const child = spawn(process.execPath, [...extra, script.pathname, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', file, file],
  });
  const ps = (column: string) =>
    execFileSync('ps', ['-o', `${column}=`, '-p', String(child.pid)], { encoding: 'utf8' }).trim();
  return {
    process: child,
    memory: () => Number(ps('rss')) / 1024,
    processorTime: () => Number(ps('cputimes')) * 1_000,
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port');
  return address.port;
}

/** Resolves as soon as `url` answers 200; a child that ends before is an error. */
export async function untilReady(url: string, child: Child, output: string): Promise<void> {
  for (;;) {
    if (child.process.exitCode !== null) throw new Error(`The server ended, see ${output}`);
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await sleep(2);
  }
}
