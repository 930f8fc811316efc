import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

export interface Receiver {
  readonly url: string;
  /** Ids of the events that have arrived; an event that comes twice counts once. */
  readonly events: ReadonlySet<string>;
  /** Resolves when so many different events are there, or rejects after `patience` seconds without a new one. */
  until(count: number, patience?: number): Promise<void>;
  stop(): Promise<void>;
}

const accepted = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
const refused = Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');

/**
 * Reads what it is sent and says 200, like a receiver that queues; 503 to the so-and-so-manyth that it refuses. Whoever
 * is measured shares its processors, so it knows no more of HTTP than is needed to tell one post from the next.
 */
export async function startReceiver(refuses: (count: number) => boolean = () => false): Promise<Receiver> {
  const events = new Set<string>();
  const sockets = new Set<Socket>();
  let notify = () => {};
  let count = 0;

  function answer(head: string): Buffer {
    count += 1;
    if (refuses(count)) return refused;
    events.add(headerOf(head, eventId));
    notify();
    return accepted;
  }

  const server = createServer({ noDelay: true }, (socket) => {
    let unread: Buffer | undefined;
    sockets.add(socket);
    socket.on('data', (chunk: Buffer) => {
      unread = unread === undefined ? chunk : Buffer.concat([unread, chunk]);
      for (let post = firstPost(unread); post !== undefined; post = unread && firstPost(unread)) {
        unread = post.rest;
        socket.write(answer(post.head));
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  return {
    url: `http://127.0.0.1:${address.port}/events`,
    events,
    until: (wanted, patience = 10) =>
      new Promise((resolve, reject) => {
        const giveUp = setTimeout(
          () => reject(new Error(`${events.size} of ${wanted} events arrived`)),
          patience * 1_000,
        );
        let seen = 0;
        notify = () => {
          // A timer that is told of every event would cost as much as the event.
          if (events.size > seen + 100) {
            seen = events.size;
            giveUp.refresh();
          }
          if (events.size < wanted) return;
          clearTimeout(giveUp);
          notify = () => {};
          resolve();
        };
        notify();
      }),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The head of the first whole post, and what comes after its body, if anything. */
function firstPost(bytes: Buffer): { readonly head: string; readonly rest: Buffer | undefined } | undefined {
  const end = bytes.indexOf(endOfHead);
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end + 2);
  const length = end + endOfHead.length + Number(headerOf(head, contentLength));
  if (bytes.length < length) return undefined;
  return { head, rest: bytes.length === length ? undefined : bytes.subarray(length) };
}

const endOfHead = Buffer.from('\r\n\r\n');
// As our senders and undici spell them.
const contentLength = '\r\ncontent-length: ';
const eventId = '\r\nX-Osigu-Event-Id: ';

function headerOf(head: string, name: string): string {
  const start = head.indexOf(name);
  return start === -1 ? '' : head.slice(start + name.length, head.indexOf('\r\n', start + 2));
}
