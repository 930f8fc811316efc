import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hour, realNow } from '../platform/time.ts';
import { connectionsInAll } from './connections.ts';
import type { DueWork } from './due-work.ts';
import { createLanes, type Lanes, leaseMargin, maxAhead, NoTurn, notBegun } from './lanes.ts';

// How long a turn takes is the test's to say.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const later = () => realNow() + hour;

function workOf(lane: string, sequence_key: string | null = null): DueWork {
  return {
    work_id: 'work',
    kind: 'errand',
    subject_id: 'subject',
    provider_id: 'provider',
    lane,
    sequence_key,
    due_at: 0,
    due_at_real: 0,
    attempts: 1,
  };
}

/** Begun errands in order, each of which ends when told to. */
function performing(lanes: Lanes) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (name: string, work: DueWork, leasedUntil = later()) =>
    lanes.placeOf(work, leasedUntil).turn(() => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const end = async (name: string) => {
    await nextTurn();
    ends.get(name)?.();
    await nextTurn();
  };
  return { begun, start, end };
}

/** What ended has been followed by then. */
async function nextTurn(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('a lane runs so many beside each other, the others in the order in which they came, and no lane waits for another', async () => {
  const { begun, start, end } = performing(createLanes(() => {}));
  for (let index = 0; index < connectionsInAll + 2; index += 1) void start(`slow ${index}`, workOf('slow'));
  void start('quick', workOf('quick'));
  await nextTurn();
  expect(begun).toHaveLength(connectionsInAll + 1);
  expect(begun).toContain('quick');
  await end('slow 3');
  expect(begun.at(-1)).toEqual(`slow ${connectionsInAll}`);
  expect(begun).toHaveLength(connectionsInAll + 2);
});

/** In each period what runs ends three times over, and what follows it, without taking any time. */
async function periods(count: number, { begun, end }: ReturnType<typeof performing>): Promise<void> {
  let ended = 0;
  for (let turn = 1; turn <= 3 * count; turn += 1) {
    const running = begun.slice(ended);
    ended = begun.length;
    const last = running.pop();
    await Promise.all(running.map(end));
    if (turn % 3 === 0) vi.advanceTimersByTime(30);
    if (last !== undefined) await end(last);
  }
}

test('of a lane that is quick as much is handed on as lately ended in a moment, up to a limit', async () => {
  const errands = performing(createLanes(() => {}));
  const { begun, start } = errands;
  for (let index = 0; index < 10 * maxAhead; index += 1) void start(`${index}`, workOf('lane'));
  await nextTurn();
  expect(begun).toHaveLength(connectionsInAll);
  await periods(1, errands);
  expect(begun).toHaveLength(6 * connectionsInAll);
  await periods(3, errands);
  const before = begun.length;
  await periods(1, errands);
  expect(begun.length - before).toBe(3 * maxAhead);
});

test('what found no connection free keeps its place, and the lane keeps to its connections until it is quick again', async () => {
  const lanes = createLanes(() => {});
  const errands = performing(lanes);
  const { begun, start, end } = errands;
  for (let index = 0; index < 6 * connectionsInAll; index += 1) void start(`${index}`, workOf('lane'));
  await nextTurn();
  await periods(1, errands);
  expect(begun).toHaveLength(6 * connectionsInAll);
  await Promise.all(begun.slice(-3).map(end));
  let turns = 0;
  const given = lanes.placeOf(workOf('lane', 'a'), later()).turn(async () => {
    turns += 1;
    return turns === 1 ? notBegun : 'posted';
  });
  for (const name of ['behind it', 'last']) void start(name, workOf('lane', 'a'));
  for (let index = 0; index < maxAhead; index += 1) void start(`more ${index}`, workOf('lane'));
  await nextTurn();
  // All of the former width but the three and the one that was given back still run: more than there are connections.
  expect(begun).toHaveLength(6 * connectionsInAll);
  for (const name of begun.slice(3 * connectionsInAll, -3)) await end(name);
  expect(await given).toBe('posted');
  expect(turns).toBe(2);
  await nextTurn();
  expect(begun[6 * connectionsInAll]).toBe('behind it');
  expect(begun).toHaveLength(7 * connectionsInAll);
});

test('a lane whose turns take long keeps to its connections', async () => {
  const { begun, start, end } = performing(createLanes(() => {}));
  for (let index = 0; index < connectionsInAll + 2; index += 1) void start(`${index}`, workOf('lane'));
  vi.advanceTimersByTime(51);
  await end('0');
  expect(begun.slice(connectionsInAll)).toEqual([`${connectionsInAll}`]);
});

test('a lane keeps to as few connections as this process has', async () => {
  let connections = 2;
  const { begun, start, end } = performing(
    createLanes(
      () => {},
      () => connections,
    ),
  );
  for (let index = 0; index < 8; index += 1) void start(`${index}`, workOf('lane'));
  await nextTurn();
  expect(begun).toEqual(['0', '1']);
  connections = 4;
  vi.advanceTimersByTime(51);
  await end('0');
  expect(begun).toEqual(['0', '1', '2', '3', '4']);
});

test('of one key one runs at a time, in order, while others pass it', async () => {
  const { begun, start, end } = performing(createLanes(() => {}));
  for (const name of ['a1', 'a2', 'b1', 'a3']) void start(name, workOf('lane', name.charAt(0)));
  await nextTurn();
  expect(begun).toEqual(['a1', 'b1']);
  await end('a1');
  expect(begun).toEqual(['a1', 'b1', 'a2']);
  await end('a2');
  expect(begun).toEqual(['a1', 'b1', 'a2', 'a3']);
});

test('a lane that has enough waiting is full until half of that is gone, and says so once', async () => {
  const told: string[] = [];
  const lanes = createLanes((lane) => told.push(lane));
  const { start, end } = performing(lanes);
  for (let index = 0; index < 2 * connectionsInAll - 1; index += 1) void start(`${index}`, workOf('lane'));
  expect(lanes.isFull('lane')).toBe(false);
  void start('last', workOf('lane'));
  expect(lanes.full()).toEqual(['lane']);
  await end('0');
  expect(told).toEqual(['lane']);
  expect(lanes.full()).toEqual([]);
  await end('1');
  expect(told).toEqual(['lane']);
});

test('a lane is full of what is claimed of it from the claim on, and has room when that has left without a turn', async () => {
  const told: string[] = [];
  const lanes = createLanes((lane) => told.push(lane));
  const places = Array.from({ length: connectionsInAll }, () => lanes.placeOf(workOf('lane'), later()));
  expect(lanes.isFull('lane')).toBe(true);
  await nextTurn();
  expect(told).toEqual([]);
  for (const { leave } of places) leave();
  await nextTurn();
  expect(told).toEqual(['lane']);
  expect(lanes.isFull('lane')).toBe(false);
});

test('who waited until the lease is nearly over gets no turn', async () => {
  const { begun, start, end } = performing(createLanes(() => {}));
  for (let index = 0; index < connectionsInAll; index += 1) void start(`${index}`, workOf('lane'));
  const tooLate = start('too late', workOf('lane'), realNow() + leaseMargin);
  void start('in time', workOf('lane'));
  const refused = expect(tooLate).rejects.toThrow(NoTurn);
  await end('0');
  await refused;
  expect(begun.at(-1)).toBe('in time');
});

test('closing refuses whoever waits or comes, and lets what runs end', async () => {
  const lanes = createLanes(() => {});
  const { start, end } = performing(lanes);
  const running = Array.from({ length: connectionsInAll }, (_, index) => start(`${index}`, workOf('lane')));
  const waiting = expect(start('waiting', workOf('lane'))).rejects.toThrow(NoTurn);
  lanes.close();
  await waiting;
  await expect(start('late', workOf('lane'))).rejects.toThrow(NoTurn);
  for (let index = 0; index < connectionsInAll; index += 1) await end(`${index}`);
  await Promise.all(running);
});
