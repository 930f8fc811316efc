import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface Child {
  readonly process: ChildProcess;
  /** Resident memory, MB. */
  memory(): number;
  /** Processor time used so far, ms; not a number where the system has no /proc. */
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
  const child = spawn(process.execPath, [...extra, fileURLToPath(script), ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', file, file],
  });
  return {
    process: child,
    memory: () => residentMemory(child.pid),
    processorTime: () => processorTime(child.pid),
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function residentMemory(pid: number | undefined): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
}

/** Of the kernel's ticks, a hundred a second, in user and system mode. */
function processorTime(pid: number | undefined): number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return Number.NaN;
  const afterName = readFileSync(file, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(afterName[11]) + Number(afterName[12])) * 10;
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
