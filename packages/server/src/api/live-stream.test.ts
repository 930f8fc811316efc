import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { createLive, type Live } from '../engine/live.ts';
import { type LiveStreamOptions, streamLive } from './live-stream.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A stream over a socket whose reader may stop reading. */
async function open(live: Live, options: Partial<LiveStreamOptions> = {}) {
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    responses.push(response);
    response.writeHead(200);
    streamLive(response, { live, provider_id: 'p', ...options });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  closing.push(() => {
    socket.destroy();
    server.close();
  });
  await vi.waitFor(() => expect(text).toContain('retry: 2000'));
  return { socket, text: () => text, response: responses[0] as ServerResponse };
}

const large = 'x'.repeat(100_000);
const data = JSON.stringify({ large });
const item = (id: number) => ({ id: `i${id}`, type: 'event', data }) as const;

test('what a slow client does not read is skipped and told, and takes no more memory', async () => {
  const live = createLive();
  const { socket, text, response } = await open(live, { maxWaiting: 200_000 });
  socket.pause();
  let waiting = 0;
  for (let id = 0; id < 1_000; id += 1) {
    live.publish('p', item(id));
    waiting = Math.max(waiting, response.writableLength);
  }
  expect(waiting).toBeLessThan(500_000);
  socket.resume();
  await vi.waitFor(() => expect(text()).toMatch(/event: gap\ndata: \{"reason":"slow","skipped":\d+\}/));
  const skipped = Number(/"skipped":(\d+)/.exec(text())?.[1]);
  live.publish('p', item(1_000));
  await vi.waitFor(() => expect(text()).toContain('id: i1000\n'));
  expect([...text().matchAll(/^id: /gm)].length + skipped).toBe(1_001);
});

test('a client that reads nothing for long is let go', async () => {
  const live = createLive();
  const { socket, response } = await open(live, { maxWaiting: 200_000, heartbeat: 2 });
  socket.pause();
  // Until what the operating system takes is full as well.
  const fillAndLook = () => {
    for (let id = 0; id < 20; id += 1) live.publish('p', item(id));
    expect(response.destroyed).toBe(true);
  };
  await vi.waitFor(fillAndLook, { interval: 20, timeout: 20_000 });
  expect(live.watchers('p')).toBe(0);
});

test('a quiet stream is kept open by comments', async () => {
  const { text } = await open(createLive(), { heartbeat: 5 });
  await vi.waitFor(() => expect(text().split(': \n\n').length).toBeGreaterThan(2));
});

test('nothing is remembered of a provider that nobody watches', () => {
  const live = createLive();
  live.publish('p', item(1));
  expect(live.isWatched('p')).toBe(false);
  const first = live.watch('p', () => {});
  live.publish('p', item(2));
  first.end();
  live.publish('p', item(3));
  expect(live.watch('p', () => {}, 'i2').missed?.map(({ id }) => id)).toEqual(['i3']);
  expect(live.watch('p', () => {}, 'i1').missed).toBeUndefined();
});

test('what is remembered is bounded, by number and by size', () => {
  const live = createLive();
  live.watch('p', () => {});
  for (let id = 0; id < 100; id += 1) live.publish('p', item(id));
  expect(live.watch('p', () => {}, 'i80').missed).toBeUndefined();
  expect(live.watch('p', () => {}, 'i95').missed).toHaveLength(4);
  for (let id = 100; id < 3_000; id += 1) live.publish('p', { ...item(id), data: '{}' });
  expect(live.watch('p', () => {}, 'i1990').missed).toBeUndefined();
  expect(live.watch('p', () => {}, 'i2000').missed).toHaveLength(999);
});
