import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import type { Json, TestProvider } from './harness.ts';

/** What one POST was, and what a careful receiver made of it. */
export interface Post {
  readonly event_id: string;
  readonly text: string;
  readonly attempt: string;
  readonly verdict: 'genuine' | 'forged' | 'stale';
}

export interface VerifyingReceiver {
  readonly posts: readonly Post[];
  readonly subscription_id: string;
  /** Answers 2xx to everything, without a look at the signature. */
  trusting: boolean;
  close(): void;
}

/** Verifies as docs/webhooks.md says: 401 for a wrong signature or a timestamp that is over five minutes away. */
export async function verifyingReceiver(
  provider: TestProvider,
  subscription: Json = {},
): Promise<VerifyingReceiver> {
  const posts: Post[] = [];
  let secret = '';
  const verdictOf = (header: string, text: string): Post['verdict'] => {
    const [, t = '', v1] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(header) ?? [];
    if (createHmac('sha256', secret).update(`${t}.${text}`).digest('hex') !== v1) return 'forged';
    return Math.abs(Date.now() / 1_000 - Number(t)) <= 300 ? 'genuine' : 'stale';
  };
  const server = createServer((request, response) => {
    textOf(request).then(
      (text) => {
        const { headers } = request;
        const verdict = verdictOf(String(headers['x-osigu-signature']), text);
        const attempt = String(headers['x-osigu-delivery-attempt']);
        posts.push({ event_id: String(headers['x-osigu-event-id']), text, attempt, verdict });
        response.writeHead(verdict === 'genuine' || receiver.trusting ? 204 : 401).end();
      },
      // The sender was killed in the middle.
      () => undefined,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  const { body } = await provider.call('POST', '/webhooks/v1/subscriptions', {
    url,
    event_types: ['*'],
    ...subscription,
  });
  secret = body.secret;
  const receiver: VerifyingReceiver = {
    posts,
    subscription_id: body.subscription_id,
    trusting: false,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return receiver;
}
