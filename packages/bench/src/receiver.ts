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

  function answer(post: Buffer): Buffer {
    count += 1;
    if (refuses(count)) return refused;
    events.add(headerOf(post, eventId));
    notify();
    return accepted;
  }

  const server = createServer({ noDelay: true }, (socket) => {
    let unread: Buffer | undefined;
    sockets.add(socket);
    socket.on('data', (chunk: Buffer) => {
      let rest = unread === undefined ? chunk : Buffer.concat([unread, chunk]);
      for (let end = endOfPost(rest); end > 0; end = endOfPost(rest)) {
        socket.write(answer(rest));
        rest = rest.subarray(end);
      }
      unread = rest.length === 0 ? undefined : rest;
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

/** Where the body of the first whole post ends; 0 when it is not all there. */
function endOfPost(bytes: Buffer): number {
  const end = bytes.indexOf(endOfHead);
  if (end === -1) return 0;
  const whole = end + endOfHead.length + Number(headerOf(bytes, contentLength));
  return bytes.length < whole ? 0 : whole;
}

const endOfHead = Buffer.from('\r\n\r\n');
// As our senders and undici spell them.
const contentLength = Buffer.from('\r\ncontent-length: ');
const eventId = Buffer.from('\r\nX-Osigu-Event-Id: ');
const endOfLine = 13;

function headerOf(bytes: Buffer, name: Buffer): string {
  const start = bytes.indexOf(name);
  return start === -1
    ? ''
    : bytes.toString('latin1', start + name.length, bytes.indexOf(endOfLine, start + name.length));
}
