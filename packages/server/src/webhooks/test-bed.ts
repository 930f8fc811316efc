import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EventData } from '@osigu-sandbox/contract';
import type { DueWork } from '../engine/due-work.ts';
import { createUnitsOfWork, type UnitOfWork, type UnitsOfWork } from '../engine/unit-of-work.ts';
import { newId } from '../platform/ids.ts';
import { createNumbers } from '../store/numbers.ts';
import { openStore } from '../store/store.ts';
import { recordEvent } from './events.ts';
import { admitSubscription } from './subscriptions/admission.ts';
import type { SubscriptionWithSecret } from './subscriptions/resource.ts';
import { createSubscription } from './subscriptions/service.ts';

/** For tests: an empty database with one provider. */
export interface TestBed {
  readonly units: UnitsOfWork;
  readonly provider_id: string;
  run<T>(work: (uow: UnitOfWork) => Promise<T>): Promise<T>;
  subscribe(
    url: string,
    input?: { event_types?: string[]; retry_on?: '5xx' },
  ): Promise<SubscriptionWithSecret>;
  record(): Promise<string>;
  /** What is planned, earliest first. */
  dueWork(): Promise<DueWork[]>;
  close(): Promise<void>;
}

export async function openTestBed(): Promise<TestBed> {
  const store = await openStore({ location: ':memory:' });
  const units = createUnitsOfWork(store, createNumbers(store), 'sandbox', () => {});
  const provider_id = newId('provider');
  await insertProvider(units, provider_id, 'clinic-test', 1);
  const run: TestBed['run'] = (work) => units.run(provider_id, work);
  return {
    units,
    provider_id,
    run,
    subscribe: async (url, { event_types = ['*'], ...rest } = {}) => {
      const input = await admitSubscription({ url, event_types, ...rest }, { profile: 'local' });
      return run((uow) => createSubscription(uow, input));
    },
    record: () => run((uow) => recordEvent(uow, 'authorization.voided', 'auth_1', voided)),
    dueWork: () => store.db.selectFrom('due_work').selectAll().orderBy('due_at').orderBy('work_id').execute(),
    close: () => store.close(),
  };
}

export async function insertProvider(
  units: UnitsOfWork,
  provider_id: string,
  provider_slug: string,
  number: number,
): Promise<void> {
  await units.store.db
    .insertInto('providers')
    .values({
      provider_id,
      number,
      provider_slug,
      name: 'Test',
      country_code: 'CO',
      contact_email: null,
      provider_branch_id: newId('branch'),
      seed: 1,
      clock_offset: 0,
      requests_per_minute: 50,
      token_requests_per_minute: 50,
      created_at_real: 0,
      reset_at_real: null,
    })
    .execute();
}

export const voided: EventData<'authorization.voided'> = {
  authorization_id: 'auth_1',
  authorization_code: 'AUTH-2026-000001',
  voided_by: 'PROVIDER',
  reason: 'Señal «única» ☂',
  voided_at: '2026-01-01T00:00:00.000Z',
};

export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A real HTTP server on a port of its own; `answer` is called with the whole body read. */
export async function openReceiver(answer: Answer = (_, response) => response.end('ok')): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      received.push({ path: request.url ?? '', headers: request.headers, body });
      answer(request, response, received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
