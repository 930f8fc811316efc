import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { after, minute } from '../../platform/time.ts';
import type { JobInput, JobName, JobResult, Order, Outcome } from './jobs.ts';

/** A thread beside the one that answers calls. It is there only while there is something to do, and a while longer. */
export interface Thread {
  /** Rejects when the job fails or the thread dies with it; the next one gets a new thread. */
  run<N extends JobName>(name: N, input: JobInput<N>): Promise<JobResult<N>>;
  stop(): Promise<void>;
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

interface Running {
  readonly worker: Worker;
  readonly waiting: Waiting[];
}

const idleFor = minute;

export function createThread(entry = new URL('./thread-main.ts', import.meta.url)): Thread {
  let running: Running | undefined;
  let cancelEnd = () => {};

  function start(): Running {
    const cache = getCompileCacheDir();
    const worker = new Worker(entry, {
      // What was compiled before needs no stripper of types here either (docs/decisions/011).
      env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
    });
    const started: Running = { worker, waiting: [] };
    worker.unref();
    worker.on('message', (outcome: Outcome) => {
      const first = started.waiting.shift();
      if (started.waiting.length === 0) rest(started);
      if ('error' in outcome) first?.reject(outcome.error);
      else first?.resolve(outcome.result as never);
    });
    const die = (error: unknown) => {
      if (running === started) running = undefined;
      for (const { reject } of started.waiting.splice(0)) reject(error);
    };
    worker.on('error', die);
    worker.on('exit', (code) => die(new Error(`The thread of the request log ended with ${code}`)));
    return started;
  }

  function rest({ worker }: Running): void {
    worker.unref();
    cancelEnd = after(idleFor, () => {
      running = undefined;
      void worker.terminate();
    });
  }

  return {
    run: (name, input) =>
      new Promise((resolve, reject) => {
        running ??= start();
        cancelEnd();
        const order: Order = { name, input };
        running.worker.postMessage(order);
        if (running.waiting.push({ resolve, reject }) === 1) running.worker.ref();
      }),
    stop: async () => {
      cancelEnd();
      await running?.worker.terminate();
    },
  };
}
