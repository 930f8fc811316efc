import { expect, inject, test } from 'vitest';
import { createLimits } from '../src/api/limits.ts';
import { createDatabase, onServer } from './harness.ts';

// Only there do several processes share a database.
if (inject('dialect') === 'postgres')
  test('processes that start at once on a database without a table of limits all find one', async () => {
    const database = await createDatabase();
    for (let round = 0; round < 5; round += 1) {
      await onServer(database.location, 'drop table if exists rate_limits');
      const started = await Promise.all(
        Array.from({ length: 8 }, () =>
          createLimits({ postgresUrl: database.location, redisUrl: undefined }),
        ),
      );
      const counted = await Promise.all(started.map(({ limits }) => limits.count('client', `${round}`, 50)));
      expect(counted.map(({ remaining }) => remaining).toSorted((a, b) => a - b)).toEqual([
        42, 43, 44, 45, 46, 47, 48, 49,
      ]);
      await Promise.all(started.map(({ close }) => close()));
    }
    await database.drop();
  });
