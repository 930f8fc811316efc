import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { type NameServer, startNameServer } from './name-server.ts';
import { until } from './process/process-harness.ts';

const subscriptions = '/webhooks/v1/subscriptions';

/** Hosts that are this machine or its neighbours, in every spelling that a URL parser or a resolver understands. */
const hostile = [
  ...['127.0.0.1', '127.1', '127.0.1', '127.255.255.254', '2130706433', '0x7f000001', '0x7f.0.0.1'],
  ...['0177.0.0.1', '017700000001', '0x7f.1', '127.0.0.1.', '%31%32%37.0.0.1', '１２７.0.0.1', '①②⑦.0.0.1'],
  ...['127。0。0。1', '0', '0.0.0.0', '0x0', '10.0.0.1', '0xa.1', '012.0.0.1', '167772161', '172.16.0.1'],
  ...['172.31.255.255', '192.168.1.1', '3232235777', '0xC0.0xA8.1.1', '100.64.0.1', '198.18.0.1'],
  ...['169.254.169.254', '0xa9fea9fe', '2852039166', '0251.0376.0251.0376', '169.254.170.2'],
  ...['168.63.129.16', '100.100.100.200', '192.0.0.192', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...['[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]'],
  ...['[::ffff:169.254.169.254]', '[::ffff:10.0.0.1]', '[::ffff:0:10.0.0.1]', '[64:ff9b::7f00:1]'],
  ...['[64:ff9b::a9fe:a9fe]', '[64:ff9b:1::a00:1]', '[2002:7f00:1::]', '[2002:a9fe:a9fe::]'],
  ...[
    '[2606:4700::5efe:10.0.0.1]',
    '[2606:4700::200:5efe:127.0.0.1]',
    '[2001:0:4136:e378:8000:63bf:3fff:fdd2]',
  ],
  ...['[fe80::1]', '[febf::1]', '[fec0::1]', '[fc00::1]', '[fd00:ec2::254]', '[ff02::1]', '[2001:db8::1]'],
  ...['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'ｌｏｃａｌｈｏｓｔ', 'loc%61lhost'],
];

/** Names of this machine, its neighbours or nothing, whatever a name server says. */
const neverPublic = [
  ...['metadata', 'receiver', 'receiver.', 'localhost.localdomain', 'localhost6', 'localhost6.localdomain6'],
  ...[
    'ip6-localhost',
    'ip6-loopback',
    'metadata.google.internal',
    'metadata.google.internal.',
    'db.INTERNAL',
  ],
  ...[
    'printer.local',
    'nas.home.arpa',
    'nas.lan',
    'git.corp',
    'nas.home',
    'wiki.intranet',
    'a.private',
    'a.test',
  ],
  ...['a.invalid', 'home.arpa'],
];

/** Wrong by themselves, wherever they point. */
const illFormed = [
  ...['https://user:pass@receiver.example/', 'https://user@receiver.example/', 'https://@receiver.example/'],
  ...[
    'https://:@receiver.example/',
    'https://receiver.example@127.0.0.1/',
    'https://127.0.0.1#@receiver.example/',
  ],
  ...['https://receiver.example/#', 'https://receiver.example/#top', 'https://receiver.example\\@127.0.0.1/'],
  ...['https:\\\\127.0.0.1\\', 'https://127.0.0.1\\.receiver.example/', 'http://receiver.example/'],
  ...['ftp://receiver.example/', 'file:///etc/passwd', 'gopher://127.0.0.1:6379/_', 'javascript:alert(1)'],
  ...[
    'data:text/plain,x',
    'ws://receiver.example/',
    '//127.0.0.1/',
    'receiver.example',
    'https://',
    'https:///',
  ],
  ...[
    ' https://receiver.example/',
    'https://receiver.example/a b',
    'java\nscript:x',
    'https://receiver.example/\t',
  ],
  ...[
    'https://1.2.3.4.5/',
    'https://256.1.1.1/',
    'https://[fe80::1%25eth0]/',
    'https://receiver.example:99999/',
  ],
  ...[
    'https://localhost../',
    'https://127.0.0.1../',
    'https://a..b/',
    'https://.receiver.example/',
    'https://./',
  ],
  ...['https://receiver.example:0/', 'https://receiver.example../'],
];

const named = [
  'https://private.example/',
  'https://mixed.example/',
  'https://six.example/',
  'https://mapped.example:8443/',
];

let nameServer: NameServer;

beforeAll(async () => {
  nameServer = await startNameServer();
  nameServer.tell('receiver.example', '8.8.8.8');
  nameServer.tell('private.example', '10.1.2.3');
  nameServer.tell('mixed.example', '8.8.8.8', '169.254.169.254');
  nameServer.tell('six.example', '8.8.8.8', '::1');
  nameServer.tell('mapped.example', '::ffff:7f00:1');
});
afterAll(() => nameServer.close());

describe('the strict profile', () => {
  let sandbox: TestSandbox;
  let provider: TestProvider;

  beforeAll(async () => {
    sandbox = await startSandbox({ hosted: true, worker: true, nameServers: [nameServer.address] });
    provider = await sandbox.provider();
  });
  afterAll(() => sandbox.stop());

  const urls = [
    ...[...hostile, ...neverPublic].flatMap((host) => [`https://${host}/hook`, `https://${host}:8443/`]),
    ...illFormed,
    ...named,
  ];

  test(`refuses ${urls.length} hostile URLs with 422 that names the URL, at creation`, async () => {
    for (const url of urls) {
      const { status, body } = await provider.call('POST', subscriptions, { url, event_types: ['*'] });
      expect([status, body.errors?.map(({ path }: Json) => path)], url).toEqual([
        422,
        expect.arrayContaining(['url']),
      ]);
    }
    expect((await provider.call('GET', subscriptions)).body.content).toEqual([]);
  });

  test('takes a name that does not resolve yet, and names that only look like local ones', async () => {
    for (const host of [
      'later.example',
      'receiver.example.',
      'local.example',
      'internal.example',
      'mylocal.lanexample.co',
    ]) {
      const { subscription_id } = await subscribe(provider, `https://${host}/`);
      await provider.call('DELETE', `${subscriptions}/${subscription_id}`);
    }
  });

  test('and at a change, which leaves the subscription as it was', async () => {
    const before = await subscribe(provider, 'https://receiver.example:8443/hook?x=1');
    const url = `${subscriptions}/${before.subscription_id}`;
    for (const hostileUrl of urls) {
      const { status, body } = await provider.call('PATCH', url, { url: hostileUrl });
      expect([status, body.errors?.map(({ path }: Json) => path)], hostileUrl).toEqual([
        422,
        expect.arrayContaining(['url']),
      ]);
    }
    expect((await provider.call('GET', url)).body.url).toBe('https://receiver.example:8443/hook?x=1');
    await provider.call('DELETE', url);
  });

  test('a name that is private only when it is connected to gets no connection', async () => {
    await using target = await listen();
    for (const addresses of [['127.0.0.1'], ['8.8.8.8', '127.0.0.1'], ['::ffff:7f00:1'], ['0.0.0.0']]) {
      nameServer.tell('rebinding.example', '8.8.8.8');
      const { subscription_id } = await subscribe(provider, `https://rebinding.example:${target.port}/hook`);
      nameServer.tell('rebinding.example', ...addresses);
      const [attempt] = await ping(provider, subscription_id, 1);
      expect(attempt).toMatchObject({ error: 'ADDRESS_NOT_ALLOWED', response_status: null });
      // The same again at the next attempt, over the pool that is there.
      await provider.advance(15);
      const { body } = await provider.call(
        'GET',
        `/webhooks/v1/deliveries?subscription_id=${subscription_id}`,
      );
      expect(body.content[0].attempts).toMatchObject([
        { error: 'ADDRESS_NOT_ALLOWED' },
        { error: 'ADDRESS_NOT_ALLOWED' },
      ]);
      await provider.call('DELETE', `${subscriptions}/${subscription_id}`);
    }
    expect(target.connections()).toBe(0);
  });
});

describe('the local profile', () => {
  let sandbox: TestSandbox;
  let provider: TestProvider;

  beforeAll(async () => {
    sandbox = await startSandbox({
      worker: true,
      nameServers: [nameServer.address],
      webhookRanges: ['172.18.0.0/16', 'fd12::/16'],
    });
    provider = await sandbox.provider();
  });
  afterAll(() => sandbox.stop());

  const statusOf = async (url: string) => {
    const { status, body } = await provider.call('POST', subscriptions, { url, event_types: ['*'] });
    if (status === 201) await provider.call('DELETE', `${subscriptions}/${body.subscription_id}`);
    return status;
  };

  test('takes http, loopback and the ranges of the operator, and nothing else private', async () => {
    const open = [
      '127.0.0.1:4700',
      'localhost:4700',
      '[::1]',
      '2130706433',
      '172.18.0.5',
      '[fd12::7]',
      '8.8.8.8',
    ];
    for (const host of open) expect(await statusOf(`http://${host}/`), host).toBe(201);
    const loopback =
      /^\[?(127|2130706433|0x7f|0177|%31|１|①|::1|0:0:0:0:0:0:0:1|::ffff:(127|7f))|local|ｌ|loc%/i;
    const closed = [
      ...hostile.filter((host) => !loopback.test(host) && host !== '017700000001'),
      '172.19.0.5',
      '[fd13::7]',
    ];
    for (const host of closed) expect(await statusOf(`http://${host}/`), host).toBe(422);
    for (const host of ['receiver', 'receiver.test', 'receiver.internal', 'receiver.local']) {
      expect(await statusOf(`http://${host}/`), host).toBe(201);
    }
    for (const host of ['localhost..', '127.0.0.1..', 'a..b', 'localhost:0']) {
      expect(await statusOf(`http://${host}/`), host).toBe(422);
    }
    expect(await statusOf('http://private.example/')).toBe(422);
    expect(await statusOf('http://mixed.example/')).toBe(422);
  });

  test('a connection that is kept goes on where it was allowed to; a new one of its pool is looked at again', async () => {
    await using target = await listen();
    nameServer.tell('moving.example', '127.0.0.1');
    const { subscription_id } = await subscribe(provider, `http://moving.example:${target.port}/hook`);
    expect(await ping(provider, subscription_id, 1)).toMatchObject([{ response_status: 204 }]);
    // Reaches the same listener if it is ever connected to.
    nameServer.tell('moving.example', '0.0.0.0');
    const asked = nameServer.asked('moving.example');
    expect(await ping(provider, subscription_id, 1)).toMatchObject([{ response_status: 204 }]);
    expect([target.connections(), nameServer.asked('moving.example')]).toEqual([1, asked]);
    await target.hangUp();
    expect(await ping(provider, subscription_id, 1)).toMatchObject([{ error: 'ADDRESS_NOT_ALLOWED' }]);
    expect(target.connections()).toBe(1);
    nameServer.tell('moving.example', '127.0.0.1');
    await provider.advance(15);
    const { body } = await provider.call(
      'GET',
      `/webhooks/v1/deliveries?subscription_id=${subscription_id}&size=1`,
    );
    expect(body.content[0]).toMatchObject({ status: 'DELIVERED', attempts: [{}, { response_status: 204 }] });
    expect(target.connections()).toBe(2);
  });
});

async function subscribe(provider: TestProvider, url: string): Promise<Json> {
  const { status, body } = await provider.call('POST', subscriptions, { url, event_types: ['*'] });
  expect(status, url).toBe(201);
  return body;
}

/** The attempts of a new test.ping once there are so many. */
async function ping(provider: TestProvider, subscription_id: string, count: number): Promise<Json[]> {
  const { body: delivery } = await provider.call('POST', `${subscriptions}/${subscription_id}/test`);
  return until('an attempt', async () => {
    const url = `/webhooks/v1/deliveries?subscription_id=${subscription_id}&size=100`;
    const { content } = (await provider.call('GET', url)).body;
    const { attempts } = content.find(({ delivery_id }: Json) => delivery_id === delivery.delivery_id);
    return attempts.length >= count && attempts;
  });
}

interface Target {
  readonly port: number;
  connections(): number;
  /** Closes what is open, and waits for it. */
  hangUp(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Listens on every address of this machine and counts who connects. */
async function listen(): Promise<Target> {
  const open = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end());
  });
  server.on('connection', (socket) => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0);
  await once(server, 'listening');
  const hangUp = async () => {
    await Promise.all(
      [...open].map((socket) => {
        const closed = once(socket, 'close');
        socket.end();
        return closed;
      }),
    );
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    hangUp,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
