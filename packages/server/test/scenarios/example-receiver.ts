import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestProvider } from '../harness.ts';

/** A delivery as it went over the wire, and what the receiver said. */
export interface Delivered {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number;
}

export interface ExampleReceiver {
  /** Everything that was sent to it. */
  readonly delivered: readonly Delivered[];
  /** The types of the events that it took for new, in order. */
  readonly printed: readonly string[];
  /** Sends it these bytes, as anybody could; answers the status. */
  send(message: Pick<Delivered, 'headers' | 'body'>): Promise<number>;
  stop(): Promise<void>;
}

/** Subscribes examples/receiver.mjs, run as the guide says. The wire to it is tapped. */
export async function runExampleReceiver(
  by: TestProvider,
  event_types: readonly string[],
): Promise<ExampleReceiver> {
  const port = await freePort();
  const delivered: Delivered[] = [];
  const send: ExampleReceiver['send'] = async ({ headers, body }) => {
    const { status } = await fetch(`http://127.0.0.1:${port}/osigu`, { method: 'POST', headers, body });
    return status;
  };
  const wire = createServer(async (request, response) => {
    const headers = {
      'content-type': String(request.headers['content-type']),
      'x-osigu-signature': String(request.headers['x-osigu-signature']),
    };
    const body = Buffer.concat(await request.toArray()).toString();
    const status = await send({ headers, body });
    delivered.push({ headers, body, status });
    response.writeHead(status).end();
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  const url = `http://127.0.0.1:${(wire.address() as AddressInfo).port}/osigu`;
  const { secret } = (await by.call('POST', '/webhooks/v1/subscriptions', { url, event_types })).body;

  const child = spawn(process.execPath, [join(import.meta.dirname, '../../../../examples/receiver.mjs')], {
    env: { RECEIVER_PORT: String(port), OSIGU_WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout);
  await once(lines, 'line');
  const printed: string[] = [];
  lines.on('line', (line) => printed.push(line.split(' ')[1] ?? ''));

  return {
    delivered,
    printed,
    send,
    stop: async () => {
      child.kill();
      await once(child, 'close');
      wire.closeAllConnections();
      await new Promise((resolve) => wire.close(resolve));
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
