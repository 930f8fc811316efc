import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const http = 'packages/server/test/**/*.test.ts';
/** Of several processes on one database, which the embedded one never has. */
const several = [
  'packages/server/test/{presence,several*}.test.ts',
  'packages/server/test/process/many.test.ts',
];
/** Of what is the same on either database: told once is enough. */
const either = [
  'packages/server/test/{error-registry,deployment}.test.ts',
  '**/monitoring/{alerts,names}.test.ts',
];
/** These move the machine's own clock, which leaves its mark on whatever is loaded. */
const monitoring = 'packages/server/test/monitoring/*.test.ts';

interface Suite {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly isolate: boolean;
}

/** The same tests on either database. */
function onBoth(name: string, { include, exclude, isolate }: Suite): TestProjectInlineConfiguration[] {
  const common = { testTimeout: 30_000, hookTimeout: 60_000, include: [...include], isolate };
  const never = [...configDefaults.exclude, ...exclude];
  return [
    {
      test: {
        ...common,
        name: `sqlite${name}`,
        exclude: [...never, ...several],
        provide: { dialect: 'sqlite' },
      },
    },
    {
      test: {
        ...common,
        name: `postgres${name}`,
        exclude: [...never, ...either],
        provide: { dialect: 'postgres' },
        globalSetup: 'packages/server/test/postgres-setup.ts',
      },
    },
  ];
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'] } },
      // Loading the server again for each file took a quarter of the time; every test has a database of its own anyway.
      ...onBoth('', { include: [http], exclude: [monitoring], isolate: false }),
      ...onBoth('-monitoring', { include: [monitoring], exclude: [], isolate: true }),
    ],
  },
});
