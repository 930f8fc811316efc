import { spawnSync } from 'node:child_process';
import { expect, inject, test } from 'vitest';

test.runIf(inject('dialect') === 'postgres')('a run whose tests failed says so after PostgreSQL, too', () => {
  const module = new URL('./embedded-postgres.ts', import.meta.url).href;
  const script = `process.exitCode = 3; await import(${JSON.stringify(module)});`;
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).status).toBe(3);
});
