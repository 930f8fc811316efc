import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrations } from '../migrate.ts';

/** Up to this one nobody upgraded while others served. */
const lastFree = 12;
/** A comment with these words says that no process of the version before needs any more what is taken away. */
const contractStep = /contract step/i;

const breaking: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['takes away a table or a column', /\bdrop\s+(table|column)\b/i],
  ['renames', /\brename\s+(to|column)\b/i],
  ['changes a column', /\balter\s+column\b/i],
  ['removes rows', /\bdelete\s+from\b/i],
  [
    'adds a column that older processes do not write',
    /\badd\s+column\b(?=[^\n]*\bnot\s+null\b)(?![^\n]*\bdefault\b)/i,
  ],
];

function wrongWith(text: string): string[] {
  if (contractStep.test(text)) return [];
  return breaking.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
}

const files = readdirSync(import.meta.dirname).filter((name) => /^\d{3}-/.test(name));

test('each migration is a file, in order, without gaps', () => {
  expect(files.map((name) => name.replace('.ts', '')).sort()).toEqual(Object.keys(migrations));
  expect(files.map((name) => Number(name.slice(0, 3))).sort((a, b) => a - b)).toEqual(
    files.map((_, index) => index + 1),
  );
});

test.each(files.filter((name) => Number(name.slice(0, 3)) > lastFree))(
  '%s only adds, so that older processes go on serving',
  (name) => {
    expect(wrongWith(readFileSync(join(import.meta.dirname, name), 'utf8'))).toEqual([]);
  },
);

test.each([
  ['drop table outbox', 1],
  ['alter table outbox drop column body', 1],
  ['alter table outbox rename to mails', 1],
  ['alter table outbox rename column body to text', 1],
  ['alter table outbox alter column body type bytea', 1],
  ['delete from outbox', 1],
  ['alter table outbox add column kind text not null', 1],
  ["alter table outbox add column kind text not null default 'MAIL'", 0],
  ['alter table outbox add column kind text', 0],
  ['drop index outbox_of_provider', 0],
  ['/** A contract step. */ alter table outbox drop column body', 0],
])('%s: %i objections', (text, objections) => {
  expect(wrongWith(text)).toHaveLength(objections);
});
