import { after } from '../platform/time.ts';
import { failureKind } from '../store/failures.ts';

export interface Batching<T, R> {
  readonly maxItems: number;
  work(key: string, items: readonly T[]): Promise<readonly R[]>;
  /** A batch waits a moment while more is known to be coming; without this nobody waits for company. */
  readonly company?: {
    /** How many there are for the key, those that wait already included. */
    expected(key: string): number;
    readonly patience: number;
  };
}

/**
 * Collects what comes in for a key at the same moment, or while the batch before is being worked on: alone when it is
 * quiet, together when it is busy.
 */
export function inBatches<T, R>({ maxItems, work, company }: Batching<T, R>) {
  const queues = new Map<string, Queue<T, R>>();

  const isComplete = (key: string, { waiting }: Queue<T, R>) =>
    company === undefined || waiting.length >= Math.min(company.expected(key), maxItems);

  function gather(key: string, queue: Queue<T, R>): Promise<void> | undefined {
    if (company === undefined || isComplete(key, queue)) return undefined;
    return new Promise((resolve) => {
      const cancel = after(company.patience, resolve);
      queue.onCompany = () => {
        if (!isComplete(key, queue)) return;
        cancel();
        resolve();
      };
    });
  }

  /** What one of them is must not cost the others anything. */
  async function alone(key: string, { item, resolve, reject }: Waiting<T, R>): Promise<void> {
    try {
      const [result] = await work(key, [item]);
      resolve(result as R);
    } catch (error) {
      reject(error);
    }
  }

  async function drain(key: string, queue: Queue<T, R>): Promise<void> {
    while (queue.waiting.length > 0) {
      // Also without company this lets those in that begin in the same moment.
      await gather(key, queue);
      const batch = queue.waiting.splice(0, maxItems);
      try {
        const results = await work(
          key,
          batch.map(({ item }) => item),
        );
        for (const [index, { resolve }] of batch.entries()) resolve(results[index] as R);
      } catch (error) {
        if (batch.length === 1 || failureKind(error) === 'unavailable') {
          for (const { reject } of batch) reject(error);
        } else await Promise.all(batch.map((one) => alone(key, one)));
      }
    }
    queues.delete(key);
  }

  return (key: string, item: T): Promise<R> =>
    new Promise((resolve, reject) => {
      const queue = queues.get(key);
      if (queue !== undefined) {
        queue.waiting.push({ item, resolve, reject });
        queue.onCompany();
        return;
      }
      const fresh: Queue<T, R> = { waiting: [{ item, resolve, reject }], onCompany: () => {} };
      queues.set(key, fresh);
      void drain(key, fresh);
    });
}

interface Queue<T, R> {
  readonly waiting: Waiting<T, R>[];
  /** Told when another one joins. */
  onCompany: () => void;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}
