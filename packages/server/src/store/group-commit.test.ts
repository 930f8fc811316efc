import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWriter, type Writer } from './group-commit.ts';

let directory: string;
let database: DatabaseSync;
let writer: Writer;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'group-commit-'));
  database = new DatabaseSync(file());
  database.exec('pragma journal_mode = wal; pragma foreign_keys = on; pragma busy_timeout = 0;');
  database.exec(
    'create table things (name text primary key); ' +
      'create table parts (thing text references things deferrable initially deferred)',
  );
  writer = createWriter(database);
});

afterEach(() => {
  if (database.isOpen) database.close();
  rmSync(directory, { recursive: true });
});

const file = () => join(directory, 'database.sqlite');

/** What another connection sees, hence what is committed. */
function committed(): string[] {
  const other = new DatabaseSync(file());
  const rows = other.prepare('select name from things order by name').all();
  other.close();
  return rows.map(({ name }) => String(name));
}

function insert(name: string): void {
  database.prepare('insert into things values (?)').run(name);
}

async function add(name: string): Promise<string> {
  await undefined;
  insert(name);
  return name;
}

describe('transactions that arrive together', () => {
  test('are committed together, and nobody hears of success before', async () => {
    const heard: string[] = [];
    const both = ['a', 'b'].map((name) =>
      writer.transaction(() => add(name)).then(() => heard.push(`${name} ${committed().join('')}`)),
    );
    for (let turn = 0; turn < 20; turn += 1) await undefined;
    expect(database.prepare('select count(*) as n from things').get()).toEqual({ n: 2 });
    expect(committed()).toEqual([]);
    expect(heard).toEqual([]);
    await Promise.all(both);
    expect(heard).toEqual(['a ab', 'b ab']);
  });

  test('run one after the other', async () => {
    const steps: string[] = [];
    const slow = writer.transaction(async () => {
      steps.push('slow begins');
      await new Promise((resolve) => setImmediate(resolve));
      steps.push('slow ends');
    });
    const quick = writer.transaction(async () => steps.push('quick'));
    await Promise.all([slow, quick]);
    expect(steps).toEqual(['slow begins', 'slow ends', 'quick']);
  });

  test('fail by themselves: what one wrote is undone, the others stay', async () => {
    const outcomes = await Promise.allSettled([
      writer.transaction(() => add('a')),
      writer.transaction(async () => {
        await add('b');
        throw new Error('no');
      }),
      writer.write(() => insert('a')),
      writer.write(() => insert('c')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(committed()).toEqual(['a', 'c']);
  });

  test('have all failed when the commit fails, and the next ones are not disturbed', async () => {
    const orphan = () => database.prepare(`insert into parts values ('nothing')`).run();
    const outcomes = await Promise.allSettled([
      writer.transaction(() => add('a')),
      writer.write(orphan),
      writer.transaction(() => add('b')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(committed()).toEqual([]);
    await writer.transaction(() => add('c'));
    expect(committed()).toEqual(['c']);
  });

  test('have all failed when the database has undone everything by itself', async () => {
    const outcomes = await Promise.allSettled([
      writer.transaction(() => add('a')),
      writer.transaction(async () => {
        // What SQLite does on a full disk.
        database.exec('rollback');
        throw new Error('disk full');
      }),
      writer.transaction(() => add('c')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(committed()).toEqual(['c']);
  });

  test('fail at once while another process holds the database', async () => {
    const other = new DatabaseSync(file());
    other.exec('begin immediate');
    await expect(writer.transaction(() => add('a'))).rejects.toThrow('locked');
    other.exec('rollback');
    other.close();
    await writer.transaction(() => add('b'));
    expect(committed()).toEqual(['b']);
  });
});

describe('a transaction by itself', () => {
  test('takes nobody along, and waits for those before it', async () => {
    const before = writer.transaction(() => add('a'));
    await writer.begin();
    expect(committed()).toEqual(['a']);
    const after = writer.transaction(() => add('c'));
    insert('b');
    writer.end('rollback');
    await Promise.all([before, after]);
    expect(committed()).toEqual(['a', 'c']);
  });

  test('can be rolled back after a commit that failed', async () => {
    await writer.begin();
    database.prepare(`insert into parts values ('nothing')`).run();
    expect(() => writer.end('commit')).toThrow();
    writer.end('rollback');
    writer.end('rollback');
    await writer.transaction(() => add('a'));
    expect(committed()).toEqual(['a']);
  });
});

test('closing commits what is open', async () => {
  const last = writer.transaction(() => add('a'));
  await writer.close();
  await last;
  expect(committed()).toEqual(['a']);
});

describe('a pause', () => {
  test('begins when what is open has been committed; nobody writes before it has ended, then all do', async () => {
    const open = writer.transaction(() => add('a'));
    let end = () => {};
    const seen: string[][] = [];
    const pause = writer.pause(async () => {
      seen.push(committed());
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      seen.push(committed());
    });
    const later = [writer.transaction(() => add('b')), writer.write(() => insert('c'))];
    await open;
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    end();
    await Promise.all([pause, ...later]);
    expect(seen).toEqual([['a'], ['a']]);
    expect(committed()).toEqual(['a', 'b', 'c']);
  });

  test('that fails lets writers in again', async () => {
    await expect(writer.pause(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await writer.transaction(() => add('a'));
    expect(committed()).toEqual(['a']);
  });
});
