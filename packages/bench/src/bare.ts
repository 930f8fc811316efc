import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, freePort, startChild, untilReady } from './child.ts';
import type { Recorded } from './recording.ts';

export interface Bare {
  readonly child: Child;
  readonly url: string;
  stop(): Promise<void>;
}

/** The yardstick as a process of its own; it answers what the sandbox answered. */
export async function startBare(directory: string, answers: readonly Recorded[]): Promise<Bare> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = join(directory, 'answers.json');
  const output = join(directory, 'bare.log');
  writeFileSync(file, JSON.stringify(answers));
  const child = startChild(new URL('./bare-server.ts', import.meta.url), [String(port), file], {}, output);
  await untilReady(`${url}/readyz`, child, output);
  return { child, url, stop: child.stop };
}
