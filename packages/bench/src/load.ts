import type { Client, Method } from './client.ts';

export interface Load {
  readonly calls: number;
  readonly seconds: number;
  readonly callsPerSecond: number;
  /** Of every call, ms. */
  readonly latencies: readonly number[];
  readonly errors: readonly string[];
}

export type Call = (method: Method, path: string, body?: unknown, authorization?: string) => Promise<unknown>;

/** `workers` loops of `work` beside each other for so long; a loop that has begun is finished. */
export async function load(
  client: Client,
  options: { readonly workers: number; readonly seconds: number },
  work: (call: Call) => Promise<void>,
): Promise<Load> {
  const latencies: number[] = [];
  const errors: string[] = [];
  const call: Call = async (...sent) => {
    const began = performance.now();
    const answer = await client.call(...sent);
    latencies.push(performance.now() - began);
    return answer;
  };
  const began = performance.now();
  const end = began + options.seconds * 1_000;
  const worker = async () => {
    while (performance.now() < end) {
      await work(call).catch((error: unknown) => errors.push(String(error)));
    }
  };
  await Promise.all(Array.from({ length: options.workers }, worker));
  const seconds = (performance.now() - began) / 1_000;
  return { calls: latencies.length, seconds, callsPerSecond: latencies.length / seconds, latencies, errors };
}

/** The same number of tasks at a time, `count` of them altogether; the first failure ends it. */
export async function repeat(
  count: number,
  workers: number,
  task: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await task(index);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
