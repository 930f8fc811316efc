import { configDefaults, defineConfig } from 'vitest/config';

const http = {
  include: ['packages/server/test/**/*.test.ts'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
};

/** Of several processes on one database, which the embedded one never has. */
const several = [
  'packages/server/test/{presence,several*}.test.ts',
  'packages/server/test/process/many.test.ts',
];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'] } },
      {
        test: {
          ...http,
          name: 'sqlite',
          exclude: [...configDefaults.exclude, ...several],
          provide: { dialect: 'sqlite' },
        },
      },
      {
        test: {
          ...http,
          name: 'postgres',
          provide: { dialect: 'postgres' },
          globalSetup: 'packages/server/test/postgres-setup.ts',
        },
      },
    ],
  },
});
