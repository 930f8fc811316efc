import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json, TestProvider } from '../harness.ts';

/** An integrator's webhook endpoint: checks what comes in and keeps one copy of each event. */
export interface Receiver {
  /** A subscription of the provider to everything, delivered here. Answers its id. */
  subscribe(provider: TestProvider): Promise<string>;
  /** By event id, each once, in the order of arrival. */
  events(): readonly Json[];
  /** What a careful integrator would complain about. */
  complaints(): readonly string[];
  /** Until released, calls that come in stay without an answer. */
  hold(): void;
  release(): void;
  held(): number;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const bodies = new Map<string, string>();
  const complaints: string[] = [];
  let secret = '';
  let holding = false;
  let waiting: (() => void)[] = [];

  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      if (body === undefined) return;
      complaints.push(...wrongWith(request, body, secret, bodies));
      bodies.set(String(request.headers['x-osigu-event-id']), body);
      const answer = () => response.writeHead(204).end();
      if (holding) waiting.push(answer);
      else answer();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    subscribe: async (provider) => {
      const url = `http://127.0.0.1:${port}/hooks`;
      const { body } = await provider.call('POST', '/webhooks/v1/subscriptions', { url, event_types: ['*'] });
      secret = body.secret;
      return body.subscription_id;
    },
    events: () => [...bodies.values()].map((body) => JSON.parse(body)),
    complaints: () => complaints,
    hold: () => {
      holding = true;
    },
    release: () => {
      holding = false;
      for (const answer of waiting) answer();
      waiting = [];
    },
    held: () => waiting.length,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Undefined when the sender was killed in the middle. */
async function textOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function wrongWith(
  request: IncomingMessage,
  body: string,
  secret: string,
  bodies: ReadonlyMap<string, string>,
): string[] {
  const id = String(request.headers['x-osigu-event-id']);
  const [, t = '', v1 = ''] =
    /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request.headers['x-osigu-signature'])) ?? [];
  const expected = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  const before = bodies.get(id);
  return [
    ...(v1.length === 64 && timingSafeEqual(Buffer.from(v1), Buffer.from(expected))
      ? []
      : [`${id}: wrong signature`]),
    ...(Math.abs(Date.now() / 1_000 - Number(t)) > 300 ? [`${id}: stale timestamp`] : []),
    ...(before !== undefined && before !== body ? [`${id}: other bytes than before`] : []),
  ];
}
