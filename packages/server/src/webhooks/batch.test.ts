import { expect, it, vi } from 'vitest';
import { inBatches } from './batch.ts';

/** Work that ends when told to; answers each item doubled. */
function held() {
  const batches: (readonly number[])[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const work = (_: string, items: readonly number[]): Promise<number[]> => {
    batches.push(items);
    return new Promise((resolve, reject) => {
      ends.push((error) => (error === undefined ? resolve(items.map((item) => item * 2)) : reject(error)));
    });
  };
  return { batches, end: (error?: Error) => ends.shift()?.(error), work };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

it('what comes in at once or meanwhile goes together, up to the limit, each with its own result', async () => {
  const { batches, end, work } = held();
  const batched = inBatches({ maxItems: 3, work });
  const results = [1, 2].map((item) => batched('a', item));
  await soon();
  expect(batches).toEqual([[1, 2]]);
  results.push(...[3, 4, 5, 6].map((item) => batched('a', item)));
  end();
  expect(await results[0]).toBe(2);
  await soon();
  expect(batches).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
  end();
  expect(await results[3]).toBe(8);
  await soon();
  end();
  expect(await Promise.all(results)).toEqual([2, 4, 6, 8, 10, 12]);
});

it('a batch waits for those that are known to be coming, and goes as soon as they are there', async () => {
  const { batches, end, work } = held();
  let expected = 2;
  const company = { expected: () => expected, patience: 60_000 };
  const batched = inBatches({ maxItems: 3, work, company });
  const first = batched('a', 1);
  await soon();
  expect(batches).toEqual([]);
  void batched('a', 2);
  await soon();
  expect(batches).toEqual([[1, 2]]);
  expected = 10;
  for (const item of [3, 4, 5]) void batched('a', item);
  end();
  expect(await first).toBe(2);
  await soon();
  expect(batches[1]).toEqual([3, 4, 5]);
});

it('a batch goes without those that do not come in time', async () => {
  const { batches, work } = held();
  const batched = inBatches({ maxItems: 3, work, company: { expected: () => 2, patience: 1 } });
  void batched('a', 1);
  await vi.waitFor(() => expect(batches).toEqual([[1]]));
});

it('keys do not wait for each other', async () => {
  const { batches, work } = held();
  const batched = inBatches({ maxItems: 3, work });
  void batched('a', 1);
  void batched('b', 2);
  await soon();
  expect(batches).toEqual([[1], [2]]);
});

it('a failure is told to every item of its batch and to no other', async () => {
  const { end, work } = held();
  const batched = inBatches({ maxItems: 3, work });
  const first = batched('a', 1);
  await soon();
  const second = batched('a', 2);
  end(new Error('failed'));
  await expect(first).rejects.toThrow('failed');
  await soon();
  end();
  expect(await second).toBe(4);
});

it('one that cannot be worked on costs those that came with it nothing', async () => {
  const work = async (_: string, items: readonly number[]) => {
    if (items.includes(2)) throw new Error('not 2');
    return items.map((item) => item * 2);
  };
  const batched = inBatches({ maxItems: 3, work });
  const [first, second, third] = [1, 2, 3].map((item) => batched('a', item));
  await expect(second).rejects.toThrow('not 2');
  expect(await Promise.all([first, third])).toEqual([2, 6]);
});

it('while the database is not there nothing is tried one by one', async () => {
  let tries = 0;
  const work = async (): Promise<number[]> => {
    tries += 1;
    throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
  };
  const batched = inBatches({ maxItems: 3, work });
  const results = await Promise.allSettled([1, 2, 3].map((item) => batched('a', item)));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(tries).toBe(1);
});
