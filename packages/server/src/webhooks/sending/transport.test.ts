import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Answer, openReceiver, type Receiver } from '../test-bed.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';

const toClose: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(toClose.splice(0).map((thing) => thing.close()));
});

async function receiverThat(answer?: Answer): Promise<Receiver> {
  const receiver = await openReceiver(answer);
  toClose.push(receiver);
  return receiver;
}

function transportWith(options: Partial<TransportOptions> = {}): Transport {
  const transport = createTransport({ policy: { profile: 'local' }, ...options });
  toClose.push(transport);
  return transport;
}

const post = (url: string, lane = 'whs_1') => ({ lane, url, headers: { 'X-Test': 'a' }, body: '{"á":1}' });

describe('an answer in time', () => {
  it('arrives byte for byte, with its headers, and is reported with its status and text', async () => {
    const receiver = await receiverThat((_, response) => response.writeHead(201).end('thanks ☂'));
    const sent = await transportWith().post(post(`${receiver.url}?a=b`));
    expect(sent).toMatchObject({
      response_status: 201,
      error: null,
      response_excerpt: 'thanks ☂',
      retry_after: null,
    });
    expect(receiver.received).toMatchObject([
      { path: '/hook?a=b', body: '{"á":1}', headers: { 'x-test': 'a' } },
    ]);
  });

  it('without a body has no excerpt', async () => {
    const receiver = await receiverThat((_, response) => response.writeHead(204).end());
    expect(await transportWith().post(post(receiver.url))).toMatchObject({
      response_status: 204,
      response_excerpt: null,
    });
  });

  it('that redirects is the answer: nothing is sent elsewhere', async () => {
    const elsewhere = await receiverThat();
    for (const status of [301, 302, 303, 307, 308]) {
      const receiver = await receiverThat((_, response) =>
        response.writeHead(status, { location: elsewhere.url }).end(),
      );
      expect(await transportWith().post(post(receiver.url))).toMatchObject({
        response_status: status,
        error: null,
      });
    }
    expect(elsewhere.received).toEqual([]);
  });

  it('that can have no body ends with its head, whatever length that names', async () => {
    for (const status of ['204 No Content', '304 Not Modified']) {
      for (const body of ['', 'ok']) {
        const receiver = await receiverThat(
          (request) => void request.socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\n${body}`),
        );
        expect(await transportWith().post(post(receiver.url))).toMatchObject({
          response_status: Number.parseInt(status, 10),
          error: null,
        });
      }
    }
  });

  it('counts after those that only inform, the 100 that nobody asked for among them: one post, one connection', async () => {
    const sockets = new Set<unknown>();
    const receiver = await receiverThat((request, response) => {
      sockets.add(request.socket);
      response.writeContinue();
      response.writeProcessing();
      response.writeContinue();
      response.end('HTTP/1.1 100 Continue\r\n\r\n');
    });
    const transport = transportWith();
    for (const count of [1, 2, 3]) {
      expect(await transport.post(post(receiver.url))).toMatchObject({
        response_status: 200,
        error: null,
        response_excerpt: 'HTTP/1.1 100 Continue\r\n\r\n',
      });
      expect(receiver.received).toHaveLength(count);
    }
    expect(sockets.size).toBe(1);
  });

  it('hands on Retry-After', async () => {
    const receiver = await receiverThat((_, response) =>
      response.writeHead(429, { 'retry-after': '7' }).end(),
    );
    expect(await transportWith().post(post(receiver.url))).toMatchObject({
      response_status: 429,
      retry_after: '7',
    });
  });
});

describe('a long answer', () => {
  it('is kept up to 2 kB, cut between characters', async () => {
    const receiver = await receiverThat((_, response) => response.end(`a${'é'.repeat(5_000)}`));
    const { response_excerpt } = await transportWith().post(post(receiver.url));
    expect(response_excerpt).toBe(`a${'é'.repeat(1_023)}`);
  });

  it('without an end is cut off: little of it is read, the status counts, the sender goes on', async () => {
    let written = 0;
    const receiver = await receiverThat((_, response, count) => {
      if (count > 1) {
        response.end('short');
        return;
      }
      const chunk = 'x'.repeat(64 * 1024);
      const more = () => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
        written += chunk.length;
      };
      response.on('drain', more);
      more();
    });
    const transport = transportWith();
    const sent = await transport.post(post(receiver.url));
    expect(sent).toMatchObject({ response_status: 200, error: null, response_excerpt: 'x'.repeat(2_048) });
    expect(written).toBeLessThan(32 * 1024 * 1024);
    expect(await transport.post(post(receiver.url))).toMatchObject({ response_excerpt: 'short' });
  });

  it('holds no NUL, which PostgreSQL could not store', async () => {
    const receiver = await receiverThat((_, response) => response.end(Buffer.from([0x61, 0, 0xff])));
    expect((await transportWith().post(post(receiver.url))).response_excerpt).toBe('a\ufffd\ufffd');
  });
});

describe('what goes wrong is an outcome with a code', () => {
  it('TIMEOUT when no answer comes', async () => {
    const receiver = await receiverThat(() => {});
    const sent = await transportWith({ timeout: 30 }).post(post(receiver.url));
    expect(sent).toMatchObject({ response_status: null, error: 'TIMEOUT', response_excerpt: null });
    expect(sent.latency_ms).toBeGreaterThanOrEqual(25);
  });

  it('TIMEOUT when the body does not end in time, though its head came, with what came of it', async () => {
    const receiver = await receiverThat((_, response) => void response.write('a little'));
    const sent = await transportWith({ timeout: 60 }).post(post(receiver.url));
    expect(sent).toMatchObject({
      response_status: 200,
      error: 'TIMEOUT',
      response_excerpt: 'a little',
    });
  });

  it('CONNECTION_RESET when it is closed midway, with what came', async () => {
    for (const connection of ['keep-alive', 'close']) {
      const receiver = await receiverThat((request) => {
        request.socket.end(
          `HTTP/1.1 200 OK\r\nConnection: ${connection}\r\nContent-Length: 20\r\n\r\na little`,
        );
      });
      expect(await transportWith().post(post(receiver.url))).toMatchObject({
        response_status: 200,
        error: 'CONNECTION_RESET',
        response_excerpt: 'a little',
      });
    }
  });

  it('CONNECTION_REFUSED', async () => {
    const receiver = await openReceiver();
    await receiver.close();
    expect(await transportWith().post(post(receiver.url))).toMatchObject({ error: 'CONNECTION_REFUSED' });
  });

  it('CONNECTION_RESET', async () => {
    const receiver = await receiverThat((request) => void request.socket.resetAndDestroy());
    expect(await transportWith().post(post(receiver.url))).toMatchObject({ error: 'CONNECTION_RESET' });
  });

  it('DNS', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' }));
    expect(await transportWith({ resolve }).post(post('http://nowhere.example/'))).toMatchObject({
      error: 'DNS',
    });
  });

  it('TLS', async () => {
    const receiver = await receiverThat();
    const url = receiver.url.replace('http:', 'https:');
    expect(await transportWith().post(post(url))).toMatchObject({ response_status: null, error: 'TLS' });
  });

  it.each([
    'nonsense',
    'HTTP/1.1 000 None\r\nContent-Length: 0',
    'HTTP/1.1 99 Less\r\nContent-Length: 0',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3',
    'HTTP/1.1 200 OK\r\nContent-Length: -1',
    'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other',
  ])('INVALID_ANSWER to %j', async (head) => {
    const receiver = await receiverThat((request) => void request.socket.write(`${head}\r\n\r\nok`));
    expect(await transportWith().post(post(receiver.url))).toMatchObject({
      response_status: null,
      error: 'INVALID_ANSWER',
    });
  });
});

describe('the guard', () => {
  const refused = { response_status: null, error: 'ADDRESS_NOT_ALLOWED' };

  it('looks at the addresses at the moment of connecting', async () => {
    const receiver = await receiverThat();
    const port = new URL(receiver.url).port;
    const answers = ['127.0.0.1', '10.0.0.1'];
    const resolve = async () => [{ address: answers.shift() ?? '', family: 4 }];
    const transport = transportWith({ resolve });
    expect(await transport.post(post(`http://receiver.example:${port}/`, 'a'))).toMatchObject({
      response_status: 200,
    });
    expect(await transport.post(post(`http://receiver.example:${port}/`, 'b'))).toMatchObject(refused);
    expect(receiver.received).toHaveLength(1);
  });

  it('refuses addresses that are written into the URL, which are never looked up', async () => {
    expect(await transportWith().post(post('http://169.254.169.254/latest/meta-data'))).toMatchObject(
      refused,
    );
    expect(await transportWith().post(post('http://[::ffff:10.0.0.1]/'))).toMatchObject(refused);
  });

  it('refuses what was allowed under another profile', async () => {
    const receiver = await receiverThat();
    const transport = transportWith({ policy: { profile: 'hosted' } });
    expect(await transport.post(post(receiver.url))).toMatchObject(refused);
    expect(await transport.post(post(receiver.url.replace('http:', 'https:')))).toMatchObject(refused);
    expect(await transport.post(post('not a url'))).toMatchObject(refused);
    expect(receiver.received).toEqual([]);
  });
});

it('a lane has at most 8 connections, and a lane that hangs does not hold up another of the same receiver', async () => {
  let open = 0;
  let most = 0;
  const held: (() => void)[] = [];
  const receiver = await receiverThat((request, response) => {
    if (request.url === '/quick') {
      response.end();
      return;
    }
    open += 1;
    most = Math.max(most, open);
    held.push(() => {
      open -= 1;
      response.end();
    });
    if (held.length === 8) allHeld();
  });
  let allHeld = () => {};
  const full = new Promise<void>((resolve) => {
    allHeld = resolve;
  });
  const transport = transportWith();
  const slow = Array.from({ length: 20 }, () => transport.post(post(receiver.url, 'whs_slow')));
  await full;
  const quick = await transport.post(post(receiver.url.replace('/hook', '/quick'), 'whs_quick'));
  expect(quick).toMatchObject({ response_status: 200 });
  const drain = async () => {
    for (const release of held.splice(0)) release();
  };
  const done = Promise.all(slow);
  let finished = false;
  void done.then(() => {
    finished = true;
  });
  while (!finished) {
    await drain();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(most).toBe(8);
  expect((await done).every(({ response_status }) => response_status === 200)).toBe(true);
});

it('a lane whose URL is changed again and again leaves no connection behind, and what is under way ends well', async () => {
  const open = new Set<object>();
  let release = () => {};
  const receiver = await receiverThat((request, response) => {
    if (!open.has(request.socket)) request.socket.on('close', () => open.delete(request.socket));
    open.add(request.socket);
    if (request.url === '/hook?slow') release = () => response.end();
    else response.end();
  });
  const transport = transportWith();
  const slow = transport.post(post(`${receiver.url}?slow`));
  while (receiver.received.length === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let change = 0; change < 5; change += 1) {
    const url = `${receiver.url}?change=${change}`;
    const sent = await Promise.all(Array.from({ length: 8 }, () => transport.post(post(url))));
    expect(sent.every(({ response_status }) => response_status === 200)).toBe(true);
  }
  release();
  expect(await slow).toMatchObject({ response_status: 200, error: null });
  // What was closed is told to the receiver a moment later.
  await vi.waitFor(() => expect(open.size).toBe(8));
});
