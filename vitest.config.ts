import { defineConfig } from 'vitest/config';

const http = {
  include: ['packages/server/test/**/*.test.ts'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'] } },
      { test: { ...http, name: 'sqlite', provide: { dialect: 'sqlite' } } },
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
