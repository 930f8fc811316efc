import { setTimeout as sleep } from 'node:timers/promises';
import { type Figure, median } from './report.ts';
import { startSandbox } from './sandbox.ts';
import { inWorkplace } from './workplace.ts';

const tries = 5;

/** From the start of the process to a 200 of /readyz, and the memory after five quiet seconds. */
export async function start(): Promise<readonly Figure[]> {
  const empty: number[] = [];
  const existing: number[] = [];
  let memory = Number.NaN;
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    await inWorkplace(async ({ directory, using }) => {
      const first = await timedStart(directory);
      empty.push(first.milliseconds);
      await first.sandbox.stop();
      const second = await timedStart(directory);
      existing.push(second.milliseconds);
      using(second.sandbox);
      if (attempt < tries) return;
      await sleep(5_000);
      memory = second.sandbox.child.memory();
    });
  }
  return [
    { name: 'on an empty directory', value: median(empty), unit: 'ms', aim: 'below 1200' },
    { name: 'on an existing one', value: median(existing), unit: 'ms', aim: 'below 700' },
    { name: 'memory after 5 s', value: memory, unit: 'MB', aim: 'below 120' },
  ];
}

async function timedStart(directory: string) {
  const began = performance.now();
  const sandbox = await startSandbox(directory);
  return { sandbox, milliseconds: performance.now() - began };
}
