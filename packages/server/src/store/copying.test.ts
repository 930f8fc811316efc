import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCopying } from './copying.ts';
import { createWriter } from './group-commit.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'copying-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

/** Drawn anew whenever the log begins anew. */
function saltOf(log: string): string {
  return readFileSync(log).subarray(16, 24).toString('hex');
}

test('the log of a writer that never rests begins anew although the writer copies nothing', async () => {
  const file = join(directory, 'database.sqlite');
  const database = new DatabaseSync(file);
  database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = 0');
  database.exec('create table things (body blob)');
  const writer = createWriter(database, () => copying.committed());
  const copying = createCopying(file, (work) => writer.pause(work));
  const insert = database.prepare('insert into things values (zeroblob(40000))');
  const salt = saltOf(`${file}-wal`);
  const most = 4_000;
  let rows = 0;
  while (rows < most && (rows % 100 !== 0 || saltOf(`${file}-wal`) === salt)) {
    await writer.transaction(async () => {
      insert.run();
    });
    rows += 1;
  }
  expect(rows).toBeLessThan(most);
  await copying.close();
  const other = new DatabaseSync(file);
  expect(other.prepare('select count(*) as rows from things').get()).toEqual({ rows });
  other.close();
  await writer.close();
}, 30_000);

test('a writer that waits for a copy goes on when the copying is closed', async () => {
  const file = join(directory, 'database.sqlite');
  const database = new DatabaseSync(file);
  database.exec('pragma journal_mode = wal; create table things (body blob)');
  const writer = createWriter(database);
  let paused = () => {};
  const copying = createCopying(file, (work) => {
    paused();
    return writer.pause(work);
  });
  const pausing = new Promise<void>((resolve) => {
    paused = resolve;
  });
  database.exec('pragma wal_autocheckpoint = 0');
  database.prepare('insert into things values (zeroblob(?))').run(13_000 * 4_096);
  for (let commit = 0; commit < 100; commit += 1) copying.committed();
  await pausing;
  await copying.close();
  await writer.write(() => database.prepare('delete from things').run());
  await writer.close();
});
