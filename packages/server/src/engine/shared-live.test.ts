import { expect, test, vi } from 'vitest';
import { type Bus, createListeners, maxMessage } from '../store/bus.ts';
import { createLive, type LiveItem } from './live.ts';
import { shareLive } from './shared-live.ts';

/** Two processes on one bus; `messages` is what went over it. */
function twoProcesses() {
  const listeners = createListeners();
  const messages: string[] = [];
  const bus: Bus = {
    publish: (channel, message) => {
      messages.push(message);
      listeners.tell(channel, message);
    },
    listen: listeners.add,
    close: async () => {},
  };
  return { messages, one: shareLive(createLive(), bus, 'one'), two: shareLive(createLive(), bus, 'two') };
}

const item = (id: string, data = '{}'): LiveItem => ({ id, type: 'event', data });

test('who watches at one process sees what happens at the other, once, and what happens at its own', () => {
  const { one, two } = twoProcesses();
  const seen: LiveItem[] = [];
  const watch = one.watch('prv_1', (each) => seen.push(each));
  expect(two.isWatched('prv_1')).toBe(true);
  two.publish('prv_1', item('a'));
  one.publish('prv_1', item('b'));
  expect(seen).toEqual([item('a'), item('b')]);
  watch.end();
});

test('nothing is sent for a provider that nobody watches elsewhere', () => {
  const { messages, one, two } = twoProcesses();
  two.publish('prv_1', item('a'));
  expect(two.isWatched('prv_1')).toBe(false);
  one.watch('prv_2', () => {});
  two.publish('prv_1', item('b'));
  expect(messages).toEqual(['one prv_2']);
});

test('an item that is longer than a message arrives whole', () => {
  const { messages, one, two } = twoProcesses();
  const seen: LiveItem[] = [];
  one.watch('prv_1', (each) => seen.push(each));
  const long = item('a', JSON.stringify({ text: 'ñ'.repeat(20_000) }));
  two.publish('prv_1', long);
  expect(seen).toEqual([long]);
  expect(messages.every((message) => Buffer.byteLength(message) <= maxMessage)).toBe(true);
});

test('a process that is not heard of any more is forgotten', () => {
  vi.useFakeTimers();
  try {
    const { messages, one, two } = twoProcesses();
    const watch = one.watch('prv_1', () => {});
    vi.advanceTimersByTime(60_000);
    expect(two.isWatched('prv_1')).toBe(true);
    watch.end();
    vi.advanceTimersByTime(60_000);
    const before = messages.length;
    two.publish('prv_1', item('a'));
    expect(messages).toHaveLength(before);
  } finally {
    vi.useRealTimers();
  }
});
