import { connectionsInAll } from '../../engine/connections.ts';
import type { NotBegun } from '../../engine/lanes.ts';
import { createThread } from '../../platform/thread.ts';
import { afterArrivals, minute } from '../../platform/time.ts';
import type { TargetPolicy } from '../target-rules.ts';
import { type Order, type Orders, orderOf, type Report, sentOf } from './messages.ts';
import type { Sender, SentAttempt } from './sender.ts';

interface Waiting {
  readonly resolve: (sent: SentAttempt | NotBegun) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Signs and posts in a thread of its own (docs/decisions/022): the one that answers calls only loads what is to be
 * sent and records what became of it. Orders and reports of one turn of the event loop go over together.
 */
export function createSenderThread(
  policy: TargetPolicy,
  connections: () => number = () => connectionsInAll,
  entry = new URL('./thread-main.ts', import.meta.url),
): Sender {
  // By the id of the order; ids are used again.
  const waiting: (Waiting | undefined)[] = [];
  const freeIds: number[] = [];
  let underWay = 0;
  let orders: Order[] = [];

  const thread = createThread<Orders, readonly Report[]>({
    entry,
    workerData: policy,
    limits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 },
    // A receiver that hears of something now and then need not wait for a thread each time.
    idleFor: 10 * minute,
    onMessage: (reports) => {
      for (const report of reports) {
        const [id] = report;
        waiting[id]?.resolve(sentOf(report));
        waiting[id] = undefined;
        freeIds.push(id);
        underWay -= 1;
      }
      if (underWay === 0) thread.rest();
    },
    onEnd: (error) => {
      const lost = waiting.splice(0);
      freeIds.length = 0;
      underWay = 0;
      for (const one of lost) one?.reject(error);
    },
  });

  function handOver(): void {
    const together = orders;
    orders = [];
    thread.post({ connections: connections(), orders: together });
  }

  return {
    send: (attempt) =>
      new Promise((resolve, reject) => {
        const id = freeIds.pop() ?? waiting.length;
        waiting[id] = { resolve, reject };
        underWay += 1;
        if (orders.push(orderOf(id, attempt)) === 1) afterArrivals(handOver);
      }),
    close: thread.stop,
  };
}
