import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ErrorCode, errorRegistry } from '@osigu-sandbox/contract';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Answered, provocations } from './error-provocations.ts';
import { type Json, startSandbox, type TestSandbox } from './harness.ts';

const root = join(import.meta.dirname, '../../..');
const codes = Object.keys(errorRegistry) as ErrorCode[];
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** One writer: a duplicate waits for its turn, and nobody else could hold the key. */
const onSharedDatabaseOnly: readonly ErrorCode[] = ['071-409-idempotency-in-progress'];
const reachable =
  inject('dialect') === 'sqlite' ? codes.filter((code) => !onSharedDatabaseOnly.includes(code)) : codes;

let sandbox: TestSandbox;
let document: Json;

beforeAll(async () => {
  sandbox = await startSandbox();
  document = (await sandbox.call('GET', '/openapi.json')).body;
});
afterAll(() => sandbox.stop());

test('no code is undocumented: docs/errors.md has a row for each, and for no other', () => {
  const rows = [...read('docs/errors.md').matchAll(/^\| `(071-[\w-]+)`/gm)].map(([, code]) => code);
  expect(rows).toEqual([...codes].sort());
});

test('no guide tells of a code that does not exist', () => {
  for (const page of ['README.md', ...globSync('docs/**/*.md', { cwd: root })]) {
    const told = [...read(page).matchAll(/\b071-\d{3}[a-z-]*[a-z]|\b071-\d{3}/g)].map(([code]) => code);
    expect(codes, page).toEqual(expect.arrayContaining(told));
  }
});

test('no code is stale: the server answers each somewhere, and does not only announce it', () => {
  const source = globSync('packages/server/src/**/*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts') && !file.endsWith('/api/openapi.ts'))
    .map((file) => read(file).replace(/\w*[eE]rrors(:| =) \[[^\]]*\]/g, ''))
    .join('\n');
  expect(codes.filter((code) => !source.includes(`'${code}'`))).toEqual([]);
});

test('no code is without a way to bring it about', () => {
  expect(Object.keys(provocations).sort()).toEqual([...codes].sort());
});

test.each(reachable)('%s is answered, and announced for its route', async (code) => {
  const answer = await provocations[code]({ sandbox, provider: await sandbox.provider() });
  expect([answer.status, answer.body.code], answer.text).toEqual([errorRegistry[code].status, code]);
  const operation = operationOf(answer);
  if (code === '071-404-route' || code === '071-405') expect(operation).toBeUndefined();
  else {
    expect(operation['x-codes']).toContain(code);
    expect(operation.responses[answer.status].description).toContain(`\`${code}\``);
  }
});

function operationOf({ method, url }: Answered): Json {
  const path = url.split('?', 1)[0] ?? url;
  const templates = Object.keys(document.paths).filter((template) =>
    new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  // A literal segment beats a parameter, as it does in the router.
  const [template = ''] = templates.sort((a, b) => a.split('{').length - b.split('{').length);
  return document.paths[template]?.[method.toLowerCase()];
}
