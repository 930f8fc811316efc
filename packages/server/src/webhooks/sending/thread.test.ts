import { afterEach, expect, test } from 'vitest';
import { untilBegun } from '../../engine/lanes.ts';
import { openReceiver } from '../test-bed.ts';
import type { OutgoingAttempt, Sender } from './sender.ts';
import { createSenderThread } from './thread.ts';

const toClose: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(toClose.splice(0).map((thing) => thing.close()));
});

function open(entry?: URL): Sender {
  const sender = createSenderThread({ profile: 'local' }, undefined, entry);
  toClose.push(sender);
  return sender;
}

function attemptOf(url: string, event_id: string): OutgoingAttempt {
  return {
    subscription_id: 'whs_1',
    url,
    secrets: ['whsec_new', 'whsec_old'],
    event_id,
    event_type: 'test.ping',
    body: '{"señal":"☂"}',
    number: 2,
    fault: null,
  };
}

test('what is handed over together arrives signed and whole, each once, and each is answered with its own outcome', async () => {
  const receiver = await openReceiver((request, response) => {
    response.end(`thanks for ${String(request.headers['x-osigu-event-id'])}`);
  });
  toClose.push(receiver);
  const sender = open();
  const ids = Array.from({ length: 40 }, (_, index) => `evt_${index}`);
  const sent = await Promise.all(ids.map((id) => untilBegun(() => sender.send(attemptOf(receiver.url, id)))));
  expect(sent).toMatchObject(
    ids.map((id) => ({ response_status: 200, error: null, response_excerpt: `thanks for ${id}` })),
  );
  expect(receiver.received.map(({ headers }) => headers['x-osigu-event-id']).toSorted()).toEqual(
    ids.toSorted(),
  );
  for (const { body, headers } of receiver.received) {
    expect(body).toBe('{"señal":"☂"}');
    expect(headers).toMatchObject({
      'x-osigu-delivery-attempt': '2',
      'x-osigu-signature': expect.stringMatching(/^t=\d+,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/),
    });
  }
});

test('the guard of addresses stands in the thread too', async () => {
  const sent = await open().send(attemptOf('http://10.0.0.1/hook', 'evt_1'));
  expect(sent).toMatchObject({ response_status: null, error: 'ADDRESS_NOT_ALLOWED' });
});

test('when the thread dies, what it had is an error of ours and no failed attempt, and the next has a new thread', async () => {
  const sender = open(
    new URL(
      'data:text/javascript,import{parentPort,threadId}from"node:worker_threads";parentPort.on("message",({orders:[order]})=>{' +
        'if(order.includes("evt_fatal"))process.exit(3);' +
        'parentPort.postMessage([[order[0],200,null,String(threadId),null,1,0]])})',
    ),
  );
  const before = await sender.send(attemptOf('http://127.0.0.1/', 'evt_1'));
  const lost = ['evt_fatal', 'evt_2'].map((id) =>
    expect(sender.send(attemptOf('http://127.0.0.1/', id))).rejects.toThrow('ended with 3'),
  );
  await Promise.all(lost);
  expect(await sender.send(attemptOf('http://127.0.0.1/', 'evt_3'))).not.toEqual(before);
});
