import { createThread as createPlainThread } from '../../platform/thread.ts';
import type { JobInput, JobName, JobResult, Order, Outcome } from './jobs.ts';

export interface Thread {
  /** Rejects when the job fails or the thread dies with it; the next one gets a new thread. */
  run<N extends JobName>(name: N, input: JobInput<N>): Promise<JobResult<N>>;
  stop(): Promise<void>;
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

export function createThread(entry = new URL('./thread-main.ts', import.meta.url)): Thread {
  const waiting: Waiting[] = [];
  const thread = createPlainThread<Order, Outcome>({
    entry,
    limits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
    onMessage: (outcome) => {
      const first = waiting.shift();
      if (waiting.length === 0) thread.rest();
      if ('error' in outcome) first?.reject(outcome.error);
      else first?.resolve(outcome.result as never);
    },
    onEnd: (error) => {
      for (const { reject } of waiting.splice(0)) reject(error);
    },
  });
  return {
    run: (name, input) =>
      new Promise((resolve, reject) => {
        thread.post({ name, input });
        waiting.push({ resolve, reject });
      }),
    stop: thread.stop,
  };
}
