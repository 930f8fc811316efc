import { request as httpRequest, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { approve, initiate } from './flows.ts';
import { type Json, operatorKey, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { receive } from './receiver.ts';

let sandbox: TestSandbox;
let port: number;

beforeAll(async () => {
  sandbox = await startSandbox({ worker: true });
  await sandbox.sandbox.app.listen({ host: '127.0.0.1', port: 0 });
  port = (sandbox.sandbox.app.server.address() as AddressInfo).port;
});
afterAll(() => sandbox.stop());

interface Told {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Json;
}

interface Stream {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly told: Told[];
  readonly ended: Promise<void>;
  of(event: string): Json[];
  close(): void;
}

/** A real connection; resolves when the head of the answer has come. */
function watch(by: TestProvider, query = '', headers = {}, at = port): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const call = httpRequest({
      port: at,
      path: `/_sandbox/v1/providers/${by.slug}/live${query}`,
      headers: { authorization: `Bearer ${by.token}`, accept: 'text/event-stream', ...headers },
    });
    call.on('error', reject);
    call.on('response', (response) => {
      const told: Told[] = [];
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const blocks = (text + chunk).split('\n\n');
        text = blocks.pop() ?? '';
        told.push(...blocks.flatMap(read));
      });
      resolve({
        status: response.statusCode,
        headers: response.headers,
        told,
        ended: new Promise((end) => {
          response.on('close', end);
        }),
        of: (event) => told.filter((each) => each.event === event).map(({ data }) => data),
        close: () => call.destroy(),
      });
    });
    call.end();
  });
}

function read(block: string): Told[] {
  const fields = Object.fromEntries(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  return fields.event === undefined
    ? []
    : [{ id: fields.id, event: fields.event, data: JSON.parse(fields.data ?? 'null') }];
}

test('tells of requests, events and deliveries as they happen', async () => {
  const own = await sandbox.provider();
  const stream = await watch(own);
  expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream']);
  expect(stream.headers['access-control-allow-origin']).toBe('*');
  expect(stream.headers['cache-control']).toBe('no-store');
  const receiver = await receive(own, ['authorization.*']);
  const authorization = await approve(own);
  await own.call('POST', `/arc/v1/authorizations/${authorization.authorization_id}/void`);
  await vi.waitFor(() => expect(stream.of('delivery')).toHaveLength(1), { timeout: 10_000 });
  const [event] = receiver.received;
  expect(stream.of('event')).toEqual([event]);
  expect(stream.of('delivery')[0]).toMatchObject({
    event_id: event.event_id,
    event_type: 'authorization.voided',
    number: 1,
    outcome: 'delivered',
    response_status: 204,
    error: null,
  });
  const requests = stream.of('request');
  expect(requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
    'POST 201',
    'POST 201',
    'POST 200',
    'POST 200',
  ]);
  const listed = await own.call('GET', `/_sandbox/v1/providers/${own.slug}/requests?size=4`);
  expect(listed.body.content.toReversed()).toEqual(requests);
  const ids = stream.told.map(({ id }) => id);
  expect(ids).toContain(event.event_id);
  expect(new Set(ids).size).toBe(ids.length);
  stream.close();
  await receiver.close();
});

test('only what was asked for, and nothing of others', async () => {
  const [own, other] = [await sandbox.provider(), await sandbox.provider()];
  const events = await watch(own, '?types=event');
  const rest = await watch(own, '?types=request,delivery');
  const authorization = await approve(own);
  await own.call('POST', `/arc/v1/authorizations/${authorization.authorization_id}/void`);
  await approve(other);
  await own.call('GET', '/v1/sponsors');
  await vi.waitFor(() => expect(rest.of('request')).toHaveLength(4));
  expect(rest.told).toHaveLength(4);
  expect(events.told.map(({ event }) => event)).toEqual(['event']);
  for (const stream of [events, rest]) stream.close();
});

test('an event is told to the provider that it belongs to, also when another one brings it about', async () => {
  const [owner, pharmacy] = [await sandbox.provider(), await sandbox.provider()];
  const stream = await watch(owner, '?types=event');
  const elsewhere = await watch(pharmacy, '?types=event');
  const { body } = await owner.call('POST', '/ehr/v1/prescriptions', {
    patient: {
      first_name: 'Julián',
      last_name: 'Restrepo',
      document_type: 'CC',
      document_number: '52000111',
      date_of_birth: '1990-07-21',
    },
    diagnoses: [{ diagnosis_code: 'E11.9' }],
    medications: [{ product_code: 'MED-SBX-001', quantity: 10, posology: '1 al día', duration_days: 5 }],
  });
  await pharmacy.call('POST', '/dispensing/v1/dispensations', { code: body.prescription_code });
  await vi.waitFor(() =>
    expect(stream.of('event').map(({ event_type }) => event_type)).toEqual([
      'prescription.issued',
      'dispensing.started',
    ]),
  );
  expect(elsewhere.told).toEqual([]);
  for (const each of [stream, elsewhere]) each.close();
});

test('what was rolled back is not told, also where only a part of a transaction was', async () => {
  const own = await sandbox.provider();
  const stream = await watch(own, '?types=event');
  const { units } = sandbox.sandbox;
  const item = (id: string) => ({ id, type: 'event', data: '{}' }) as const;
  await units
    .run(own.provider_id, async (uow) => {
      uow.publish(item('lost'));
      throw new Error('no');
    })
    .catch(() => undefined);
  await units.run(own.provider_id, async (uow) => {
    uow.publish(item('first'));
    await uow
      .part(async () => {
        uow.publish(item('lost'));
        throw new Error('no');
      })
      .catch(() => undefined);
    await uow.part(async () => uow.publish(item('second')));
  });
  await vi.waitFor(() => expect(stream.told.map(({ id }) => id)).toEqual(['first', 'second']));
  stream.close();
});

test('ends when the credentials of its token have been rotated, and not for the operator', async () => {
  const own = await sandbox.provider();
  const [watched, operator] = [
    await watch(own),
    await watch(own, '', { authorization: `Bearer ${operatorKey}` }),
  ];
  await sandbox.operator('POST', `/_sandbox/v1/providers/${own.slug}/credentials/rotate`);
  await watched.ended;
  expect(await Promise.race([operator.ended.then(() => 'ended'), 'open'])).toBe('open');
  operator.close();
});

describe('after a lost connection', () => {
  test('goes on after the last item that was seen', async () => {
    const own = await sandbox.provider();
    const first = await watch(own);
    for (const path of ['one', 'two', 'three']) await own.call('GET', `/v1/${path}`);
    await vi.waitFor(() => expect(first.told).toHaveLength(3));
    first.close();
    await first.ended;
    await own.call('GET', '/v1/four');
    const seen = first.told[1]?.id;
    const again = await watch(own, '', { 'last-event-id': seen });
    const inQuery = await watch(own, `?last_event_id=${seen}&types=request`);
    await own.call('GET', '/v1/five');
    for (const stream of [again, inQuery]) {
      await vi.waitFor(() =>
        expect(stream.of('request').map(({ path }) => path)).toEqual(['/v1/three', '/v1/four', '/v1/five']),
      );
      stream.close();
    }
  });

  test('goes on after an attempt that a restored world has made again', async () => {
    const own = await sandbox.provider();
    const receiver = await receive(own, ['*']);
    const [{ subscription_id }] = (await own.call('GET', '/webhooks/v1/subscriptions')).body.content;
    const subscription = `/webhooks/v1/subscriptions/${subscription_id}`;
    await own.call('POST', `${subscription}/pause`);
    await own.call('POST', `${subscription}/test`);
    await own.call('POST', `/_sandbox/v1/providers/${own.slug}/snapshots`, {});
    const deliver = async () => {
      await own.call('POST', `${subscription}/resume`);
      await own.advance(1);
    };
    const first = await watch(own);
    await deliver();
    await vi.waitFor(() => expect(first.of('delivery')).toHaveLength(1));
    await own.call('POST', `/_sandbox/v1/providers/${own.slug}/restore`, {});
    await deliver();
    await vi.waitFor(() => expect(first.of('delivery')).toHaveLength(2));
    const ids = first.told.filter(({ event }) => event === 'delivery').map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    first.close();
    await receiver.close();
  });

  test('says that there is a gap where it cannot', async () => {
    const own = await sandbox.provider();
    const stream = await watch(own, '', { 'last-event-id': 'log_of_another_life' });
    await own.call('GET', '/v1/sponsors');
    await vi.waitFor(() => expect(stream.told).toHaveLength(2));
    expect(stream.told[0]).toEqual({ id: undefined, event: 'gap', data: { reason: 'unknown_id' } });
    stream.close();
  });
});

test('is for the operator and the provider itself, and takes known types', async () => {
  const [own, other] = [await sandbox.provider(), await sandbox.provider()];
  const url = `/_sandbox/v1/providers/${own.slug}/live`;
  const answers = [
    await sandbox.call('GET', url),
    await other.call('GET', url),
    await sandbox.operator('GET', '/_sandbox/v1/providers/nobody/live'),
    await own.call('GET', `${url}?types=request,nothing`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 403, 404, 422]);
  const head = await own.call('HEAD', url);
  expect([head.status, head.headers['content-type']]).toEqual([200, 'text/event-stream']);
});

test('twenty at most watch one provider', async () => {
  const [own, other] = [await sandbox.provider(), await sandbox.provider()];
  const streams = await Promise.all(Array.from({ length: 20 }, () => watch(own)));
  expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  const refused = await own.call('GET', `/_sandbox/v1/providers/${own.slug}/live`);
  expect([refused.status, refused.body.code]).toEqual([429, '071-429-live-streams']);
  (await watch(other)).close();
  streams[0]?.close();
  await vi.waitFor(async () => {
    const again = await watch(own);
    again.close();
    expect(again.status).toBe(200);
  });
  for (const stream of streams) stream.close();
});

test('a client that does not read holds up nobody', async () => {
  const own = await sandbox.provider();
  const path = `/_sandbox/v1/providers/${own.slug}/live?types=request`;
  const deaf = await new Promise<Socket>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.pause();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${own.token}\r\n\r\n`);
      resolve(socket);
    });
  });
  const stream = await watch(own, '?types=request');
  await initiate(own);
  await vi.waitFor(() => expect(stream.of('request')).toHaveLength(1));
  stream.close();
  deaf.destroy();
});

test('a server that stops ends its streams and does not wait for them', async () => {
  const stopping = await startSandbox();
  await stopping.sandbox.app.listen({ host: '127.0.0.1', port: 0 });
  const at = (stopping.sandbox.app.server.address() as AddressInfo).port;
  const own = await stopping.provider();
  const streams = await Promise.all([watch(own, '', {}, at), watch(own, '', {}, at)]);
  await stopping.stop();
  await Promise.all(streams.map(({ ended }) => ended));
});
