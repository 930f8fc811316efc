import { once } from 'node:events';
import { createServer } from 'node:http';

export interface Receiver {
  readonly url: string;
  /** Ids of the events that have arrived; an event that comes twice counts once. */
  readonly events: ReadonlySet<string>;
  /** Resolves when so many different events are there, or rejects after `patience` seconds without a new one. */
  until(count: number, patience?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Reads what it is sent and says 200, like a receiver that queues; 503 to the so-and-so-manyth that it refuses. */
export async function startReceiver(refuses: (count: number) => boolean = () => false): Promise<Receiver> {
  const events = new Set<string>();
  let notify = () => {};
  let count = 0;
  const server = createServer((request, response) => {
    request.on('end', () => {
      count += 1;
      if (refuses(count)) {
        response.writeHead(503, { 'content-length': 0 }).end();
        return;
      }
      events.add(String(request.headers['x-osigu-event-id']));
      response.writeHead(200, { 'content-length': 0 }).end();
      notify();
    });
    request.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  return {
    url: `http://127.0.0.1:${address.port}/events`,
    events,
    until: (count, patience = 10) =>
      new Promise((resolve, reject) => {
        const giveUp = setTimeout(
          () => reject(new Error(`${events.size} of ${count} events arrived`)),
          patience * 1_000,
        );
        notify = () => {
          giveUp.refresh();
          if (events.size < count) return;
          clearTimeout(giveUp);
          notify = () => {};
          resolve();
        };
        notify();
      }),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
