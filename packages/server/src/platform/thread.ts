import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { after, minute } from './time.ts';

/** A thread beside the one that answers calls. It is there only while there is something to do, and a while longer. */
export interface Thread<In> {
  /** Starts the thread when there is none. The process does not end before `rest`. */
  post(message: In): void;
  /** Nothing is left to be answered. */
  rest(): void;
  stop(): Promise<void>;
}

export interface ThreadOptions<Out> {
  readonly entry: URL;
  /** Handed to every thread that is started. */
  readonly workerData?: unknown;
  readonly limits: ResourceLimits;
  /** It ends when it has rested for so long, ms. */
  readonly idleFor?: number;
  onMessage(message: Out): void;
  /** It is gone, and all it had to do with it; the next message starts another. */
  onEnd(error: unknown): void;
}

export function createThread<In, Out>({
  entry,
  workerData,
  limits,
  idleFor = minute,
  onMessage,
  onEnd,
}: ThreadOptions<Out>): Thread<In> {
  let running: Worker | undefined;
  let cancelEnd = () => {};

  function start(): Worker {
    const cache = getCompileCacheDir();
    const worker = new Worker(entry, {
      // What was compiled before needs no stripper of types here either (docs/decisions/011).
      env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
      resourceLimits: limits,
      workerData,
    });
    worker.on('message', onMessage);
    const end = (error: unknown) => {
      if (running !== worker) return;
      running = undefined;
      onEnd(error);
    };
    worker.on('error', end);
    worker.on('exit', (code) => end(new Error(`The thread ${entry.pathname} ended with ${code}`)));
    return worker;
  }

  return {
    post: (message) => {
      cancelEnd();
      running ??= start();
      running.ref();
      running.postMessage(message);
    },
    rest: () => {
      running?.unref();
      cancelEnd = after(idleFor, () => {
        const idle = running;
        running = undefined;
        void idle?.terminate();
      });
    },
    stop: async () => {
      cancelEnd();
      await running?.terminate();
    },
  };
}
