import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';

/** A DNS server of the test's own, over UDP on this machine. Names that it was not told of do not exist. */
export interface NameServer {
  /** `address:port`, as a resolver takes it. */
  readonly address: string;
  /** From now on the name has these addresses. */
  tell(name: string, ...addresses: readonly string[]): void;
  /** How often the IPv4 addresses of the name were asked for. */
  asked(name: string): number;
  close(): Promise<void>;
}

const typeA = 1;
const typeAaaa = 28;

export async function startNameServer(): Promise<NameServer> {
  const known = new Map<string, readonly string[]>();
  const asked = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = questionOf(query);
    if (type === typeA) asked.set(name, (asked.get(name) ?? 0) + 1);
    socket.send(answerTo(query.subarray(0, end), known.get(name), type), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    tell: (name, ...addresses) => void known.set(name, addresses),
    asked: (name) => asked.get(name) ?? 0,
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function answerTo(question: Buffer, addresses: readonly string[] | undefined, type: number): Buffer {
  const data = (addresses ?? [])
    .filter((address) => type === (isIPv4(address) ? typeA : typeAaaa))
    .map(bytesOf);
  const head = Buffer.from(question);
  const nameError = 3;
  head.writeUInt16BE(0x8180 | (addresses === undefined ? nameError : 0), 2);
  head.writeUInt16BE(data.length, 6);
  head.writeUInt32BE(0, 8);
  // The name of the question again, class IN, not to be kept.
  const records = data.map((bytes) =>
    Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length]), bytes]),
  );
  return Buffer.concat([head, ...records]);
}

function bytesOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [left = [], right = []] = address
    .split('::')
    .map((half) => half.split(':').filter((part) => part !== ''));
  const groups = [...left, ...Array(8 - left.length - right.length).fill('0'), ...right];
  return Buffer.concat(groups.map((group) => Buffer.from(group.padStart(4, '0'), 'hex')));
}
