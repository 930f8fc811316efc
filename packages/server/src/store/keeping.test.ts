import { expect, test } from 'vitest';
import { createKeeping, tableWritten } from './keeping.ts';

function asked(answers: readonly string[]) {
  let times = 0;
  return () => {
    const rows = [answers[Math.min(times, answers.length - 1)]];
    times += 1;
    return { rows, changes: 1 };
  };
}

const ofPeople = { sql: 'select', parameters: ['a'], tables: ['people', 'places'] };

test('an answer is kept for its parameters until one of its tables is written and committed', () => {
  const keeping = createKeeping();
  const run = asked(['first', 'second']);
  expect(keeping.lookUp(ofPeople, run).rows).toEqual(['first']);
  keeping.writes('others');
  keeping.commits();
  expect(keeping.lookUp(ofPeople, run).rows).toEqual(['first']);
  keeping.writes('places');
  expect(keeping.lookUp(ofPeople, run).rows).toEqual(['first']);
  keeping.commits();
  expect(keeping.lookUp(ofPeople, run).rows).toEqual(['second']);
});

test('other parameters are another question', () => {
  const keeping = createKeeping();
  const run = asked(['first', 'second']);
  keeping.lookUp({ ...ofPeople, parameters: ['a', 1] }, run);
  expect(keeping.lookUp({ ...ofPeople, parameters: ['a', '1'] }, run).rows).toEqual(['second']);
});

test('a transaction sees what it wrote, which is not kept', () => {
  const keeping = createKeeping();
  keeping.lookUpInside(ofPeople, asked(['before']));
  keeping.writes('people');
  expect(keeping.lookUpInside(ofPeople, asked(['written'])).rows).toEqual(['written']);
  expect(keeping.lookUp(ofPeople, asked(['anything'])).rows).toEqual(['before']);
});

test.each([
  ['insert into "people" values (1)', 'people'],
  [' update people set name = 1', 'people'],
  ['delete from "people" where 1', 'people'],
  ['select * from people', undefined],
  ['savepoint part', undefined],
])('%s', (sql, table) => {
  expect(tableWritten(sql)).toBe(table);
});
