import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { type StateMachine, transitionsOf } from '../platform/state-machine.ts';
import { openStore } from '../store/store.ts';
import { authorizationMachine, requestMachine } from './authorizations/rules.ts';
import { claimMachine } from './claims/rules.ts';
import { dispensationMachine } from './dispensing/rules.ts';
import { prescriptionMachine } from './prescriptions/rules.ts';
import { settlementMachine } from './settlements/rules.ts';

const machines: readonly [table: string, machine: StateMachine<string, string>][] = [
  ['authorization_requests', requestMachine],
  ['authorizations', authorizationMachine],
  ['dispensations', dispensationMachine],
  ['prescriptions', prescriptionMachine],
  ['claims', claimMachine],
  ['settlements', settlementMachine],
];

test.each(machines)(
  'the database guards %s with exactly the transitions of its rules',
  async (table, machine) => {
    const store = await openStore({ location: ':memory:' });
    const { rows } = await sql<{ sql: string }>`
    select sql from sqlite_master where type = 'trigger' and name = ${`${table}_status`}`.execute(store.db);
    await store.close();
    const guarded = [...(rows[0]?.sql ?? '').matchAll(/'([A-Z_]+>[A-Z_]+)'/g)].map((match) => match[1]);
    const expected = Object.entries(transitionsOf(machine)).flatMap(([from, targets]) =>
      targets.map((to) => `${from}>${to}`),
    );
    expect(guarded.sort()).toEqual(expected.sort());
  },
);
