import { afterEach, expect, test } from 'vitest';
import { createThread } from './thread.ts';

const threads: ReturnType<typeof createThread>[] = [];

afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.stop();
});

function open(entry?: URL) {
  const thread = createThread(entry);
  threads.push(thread);
  return thread;
}

test('answers each with its own result', async () => {
  const thread = open();
  const results = await Promise.all([
    thread.run('packCalls', []),
    thread.run('mergeBatches', []),
    thread.run('listCalls', { batches: [], kept: 1, filter: {}, limit: 1, offset: 0 }),
  ]);
  expect(results).toEqual([{ batches: [], lost: 0 }, [], { rows: [], total: 0 }]);
});

test('a job that fails costs no other', async () => {
  const thread = open();
  const broken = thread.run('pickBodies', { bodies: Buffer.from('nonsense'), index: 0 });
  const sound = thread.run('mergeBatches', []);
  await expect(broken).rejects.toThrow();
  expect(await sound).toEqual([]);
});

test('when the thread dies its jobs fail, and the next has a new one', async () => {
  const died = open(
    new URL(
      'data:text/javascript,import{parentPort,threadId}from"node:worker_threads";parentPort.on("message",({name})=>{' +
        'if(name==="mergeBatches")process.exit(3);parentPort.postMessage({result:threadId})})',
    ),
  );
  const before = await died.run('packCalls', []);
  const lost = [died.run('mergeBatches', []), died.run('packCalls', [])].map((job) =>
    expect(job).rejects.toThrow('3'),
  );
  await Promise.all(lost);
  expect(await died.run('packCalls', [])).not.toEqual(before);
});

test('jobs that run when it is stopped fail', async () => {
  const thread = open();
  const job = expect(thread.run('mergeBatches', [])).rejects.toThrow();
  await thread.stop();
  await job;
});
