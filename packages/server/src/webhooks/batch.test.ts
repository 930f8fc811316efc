import { expect, it } from 'vitest';
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

it('what comes in meanwhile goes together afterwards, up to the limit, each with its own result', async () => {
  const { batches, end, work } = held();
  const batched = inBatches(3, work);
  const results = [1, 2, 3, 4, 5].map((item) => batched('a', item));
  expect(batches).toEqual([[1]]);
  end();
  expect(await results[0]).toBe(2);
  expect(batches).toEqual([[1], [2, 3, 4]]);
  end();
  expect(await results[2]).toBe(6);
  end();
  expect(await Promise.all(results)).toEqual([2, 4, 6, 8, 10]);
});

it('keys do not wait for each other', () => {
  const { batches, work } = held();
  const batched = inBatches(3, work);
  void batched('a', 1);
  void batched('b', 2);
  expect(batches).toEqual([[1], [2]]);
});

it('a failure is told to every item of its batch and to no other', async () => {
  const { end, work } = held();
  const batched = inBatches(3, work);
  const first = batched('a', 1);
  const second = batched('a', 2);
  end(new Error('failed'));
  await expect(first).rejects.toThrow('failed');
  end();
  expect(await second).toBe(4);
  const third = batched('a', 3);
  end();
  expect(await third).toBe(6);
});
