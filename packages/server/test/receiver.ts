import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json, TestProvider } from './harness.ts';

/** A receiver of this test's own, subscribed: it keeps what arrived with a good signature. */
export interface Receiver {
  readonly received: Json[];
  close(): Promise<void>;
}

export async function receive(by: TestProvider, event_types: readonly string[]): Promise<Receiver> {
  const received: Json[] = [];
  let secret = '';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const signature = String(request.headers['x-osigu-signature']);
      const [, t, v1] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(signature) ?? [];
      const genuine = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex') === v1;
      response.writeHead(genuine ? 204 : 401).end();
      if (genuine) received.push(JSON.parse(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  secret = (await by.call('POST', '/webhooks/v1/subscriptions', { url, event_types })).body.secret;
  return {
    received,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
