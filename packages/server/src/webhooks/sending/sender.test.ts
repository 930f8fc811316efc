import { expect, test } from 'vitest';
import { connectionsInAll } from '../../engine/connections.ts';
import { notBegun } from '../../engine/lanes.ts';
import type { SentPost } from './exchange.ts';
import { createSender, type OutgoingAttempt } from './sender.ts';
import type { OutgoingPost, Transport } from './transport.ts';

const ok: SentPost = {
  response_status: 200,
  error: null,
  response_excerpt: null,
  retry_after: null,
  latency_ms: 1,
};

/** Posts that end when told to. */
function openTransport() {
  const posted: { post: OutgoingPost; end: () => void }[] = [];
  const transport: Transport = {
    post: (post) => new Promise((resolve) => posted.push({ post, end: () => resolve(ok) })),
    close: async () => {},
  };
  return { transport, posted, ids: () => posted.map(({ post }) => post.headers['X-Osigu-Event-Id']) };
}

function attemptOf(event_id: string, subscription_id = 'whs_1'): OutgoingAttempt {
  return {
    subscription_id,
    url: 'http://127.0.0.1/hook',
    secrets: ['whsec_1'],
    event_id,
    event_type: 'test.ping',
    body: '{}',
    number: 1,
    fault: null,
  };
}

const manyIds = Array.from({ length: connectionsInAll }, (_, index) => `evt_${index}`);

test('so many posts to a subscription at once, the others in order as connections come free, and no other waits', async () => {
  const { transport, posted, ids } = openTransport();
  const sender = createSender(transport);
  const all = [...manyIds, 'next', 'after'].map((id) => sender.send(attemptOf(id)));
  const elsewhere = sender.send(attemptOf('elsewhere', 'whs_2'));
  expect(ids()).toEqual([...manyIds, 'elsewhere']);
  for (const index of [3, 0]) posted[index]?.end();
  expect(await all[3]).toMatchObject({ ...ok, began_at_real: expect.any(Number) });
  await all[0];
  expect(ids()).toEqual([...manyIds, 'elsewhere', 'next', 'after']);
  for (const { end } of posted) end();
  expect(await Promise.all([...all, elsewhere])).not.toContain(notBegun);
});

test('as many connections as there are at the moment: what is open ends, and what waits comes as they are free', async () => {
  const { transport, posted, ids } = openTransport();
  let connections = 3;
  const sender = createSender(transport, () => connections);
  const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => sender.send(attemptOf(id)));
  expect(ids()).toEqual(['a', 'b', 'c']);
  connections = 2;
  posted[0]?.end();
  await all[0];
  expect(ids()).toEqual(['a', 'b', 'c']);
  posted[1]?.end();
  await all[1];
  expect(ids()).toEqual(['a', 'b', 'c', 'd']);
  connections = 3;
  posted[2]?.end();
  await all[2];
  expect(ids()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  for (const { end } of posted) end();
  expect(await Promise.all(all)).not.toContain(notBegun);
});

test('who finds no connection for a while is given back and never posted', async () => {
  const { transport, posted, ids } = openTransport();
  const sender = createSender(transport);
  const busy = manyIds.map((id) => sender.send(attemptOf(id)));
  expect(await sender.send(attemptOf('late'))).toBe(notBegun);
  for (const { end } of posted) end();
  await Promise.all(busy);
  expect(ids()).toEqual(manyIds);
});
