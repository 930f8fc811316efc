import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { exportProvider } from '../src/core/providers/portable/export.ts';
import { importProvider } from '../src/core/providers/portable/import.ts';
import { toJson } from '../src/core/providers/world/document.ts';
import { readRows } from '../src/core/providers/world/store.ts';
import type { World } from '../src/core/providers/world/world.ts';
import { Fault } from '../src/platform/errors.ts';
import { approve, dispense, initiate, pdf } from './flows.ts';
import { basic, type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { affiliate, put, someProfile } from './shadows.ts';

/** One on the dialect of the project, and one on SQLite: there and back are both across dialects on PostgreSQL. */
let here: TestSandbox;
let there: TestSandbox;
beforeAll(async () => {
  here = await startSandbox();
  there = await startSandbox({ database: ':memory:' });
});
afterAll(() => Promise.all([here.stop(), there.stop()]));

const directions = [
  ['here to there', () => here, () => there],
  ['there to here', () => there, () => here],
] as const;

const send = async (from: TestSandbox, slug: string): Promise<Json> =>
  JSON.parse(JSON.stringify(await exportProvider(from.sandbox.units, slug)));
const take = (to: TestSandbox, document: unknown) => importProvider(to.sandbox.units, document);
const dump = (of: TestSandbox, provider_id: string) => readRows(of.sandbox.units.store.db, provider_id);

/** The provider as its client finds it in another sandbox: the same credentials, a token of that one. */
async function arrived(at: TestSandbox, left: TestProvider): Promise<TestProvider> {
  const { body } = await at.call('POST', '/v1/oauth/token', {
    body: 'grant_type=client_credentials',
    headers: {
      ...basic(left.client_id, left.client_secret),
      'content-type': 'application/x-www-form-urlencoded',
    },
  });
  const headers = { authorization: `Bearer ${body.access_token}` };
  const call: TestProvider['call'] = (method, url, sent, more = {}) =>
    at.call(method, url, { body: sent, headers: { ...headers, ...more } });
  return {
    ...left,
    token: body.access_token,
    call,
    advance: async (seconds) =>
      (await call('POST', `/_sandbox/v1/providers/${left.slug}/clock/advance`, { seconds })).body,
  };
}

/** The rows without the numbers, which are the target's. */
function withoutNumbers(found: World['tables']) {
  const { tables } = toJson({ clock: 0, provider: {}, tables: found });
  return Object.fromEntries(
    Object.entries(tables).map(([name, { columns, rows }]) => [
      name,
      rows
        .map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])))
        .map((row) => (name === 'delivery_attempts' ? row : { ...row, number: undefined })),
    ]),
  );
}

describe.each(directions)('a provider that goes from %s', (_name, from, to) => {
  test('goes on with what it was doing', async () => {
    const left = await from().provider();
    const { received, url, close } = await openReceiver();
    await left.call('POST', '/webhooks/v1/subscriptions', { url, event_types: ['authorization.*'] });
    const { authorization_code: code } = await approve(left);
    const done = await dispense(left);
    const request = `/arc/v1/authorization-requests/${await initiate(left, { sponsor_slug: 'sponsor-sandbox-async' })}`;
    const file = { file_type: 'MEDICAL_INDICATION', content_base64: pdf };
    const { body: attached } = await left.call('POST', `${request}/indications`, file);
    await left.call('POST', `${request}/complete`);
    const { authorization_id: gone } = await approve(left);
    await left.call('POST', `/arc/v1/authorizations/${gone}/void`);

    const document = await send(from(), left.slug);
    const imported = await take(to(), document);
    expect(imported).toMatchObject({ provider_id: left.provider_id, provider_slug: left.slug });
    expect(withoutNumbers(await dump(to(), left.provider_id))).toEqual(
      withoutNumbers(await dump(from(), left.provider_id)),
    );

    const own = await arrived(to(), left);
    expect((await dispense(own, { code })).status).toBe('COMPLETED');
    expect((await own.call('GET', `/dispensing/v1/dispensations/${done.dispensation_id}`)).status).toBe(200);
    expect(attached.file_id).toMatch(/^file_/);
    await own.advance(31);
    expect((await own.call('GET', request)).body.authorizations[0].status).toBe('APPROVED');
    expect(received.map((event) => event.event_type).sort()).toEqual([
      'authorization.created',
      'authorization.voided',
    ]);
    await close();
  });

  test('has numbers of the new place, a born claim still that of its dispensation', async () => {
    const left = await from().provider();
    await dispense(left);
    await take(to(), await send(from(), left.slug));
    const { db } = to().sandbox.units.store;
    const born = await db
      .selectFrom('claims')
      .innerJoin('dispensations', 'dispensations.dispensation_id', 'claims.dispensation_id')
      .select(['claims.number as claim', 'dispensations.number as dispensation'])
      .where('claims.provider_id', '=', left.provider_id)
      .execute();
    expect(born).toEqual([{ claim: expect.any(Number), dispensation: born[0]?.claim }]);
    // Those that the place gives out later are others.
    const own = await arrived(to(), left);
    for (let again = 0; again < 3; again += 1) expect((await dispense(own)).status).toBe('COMPLETED');
    const beside = await to().provider();
    expect((await dispense(beside)).status).toBe('COMPLETED');
  });
});

describe('an import refuses', () => {
  const refusal = async (document: unknown): Promise<[string, string | undefined]> => {
    const error = await take(here, document).catch((caught: unknown) => caught);
    if (!(error instanceof Fault)) throw error;
    return [error.code, error.errors[0]?.path];
  };
  let good: Json;
  beforeAll(async () => {
    const left = await there.provider();
    await dispense(left);
    good = await send(there, left.slug);
  });
  const changed = (change: (document: Json) => void): Json => {
    const document = structuredClone(good);
    change(document);
    return document;
  };
  const invalid = '071-422-validation';

  test.each([
    ['no document', () => undefined, 'format'],
    ['another format', () => changed((d) => (d.format = 'zip')), 'format'],
    ['a later version', () => changed((d) => (d.version = 2)), 'version'],
    ['another schema', () => changed((d) => (d.schema_version = '999-later')), 'schema_version'],
    ['no clients', () => changed((d) => delete d.clients), 'clients'],
    ['a member that is none', () => changed((d) => (d.provider.number = 1)), 'provider.number'],
    ['no clock', () => changed((d) => delete d.world.clock), 'world.clock'],
    [
      'an unknown table',
      () => changed((d) => (d.world.tables.settings = d.world.tables.events)),
      'world.tables.settings',
    ],
    [
      'an unknown column',
      () => changed((d) => (d.world.tables.outbox.columns[0] = 'x")')),
      'world.tables.outbox.columns',
    ],
    ['a short row', () => changed((d) => d.world.tables.outbox.rows[0].pop()), 'world.tables.outbox.rows[0]'],
    [
      'a row of another provider',
      () =>
        changed((d) => {
          const { columns, rows } = d.world.tables.claims;
          rows[0][columns.indexOf('provider_id')] = 'prv_other';
        }),
      'world.tables.claims.rows[0]',
    ],
    [
      'a line of nothing',
      () =>
        changed((d) => {
          const { columns, rows } = d.world.tables.claim_lines;
          rows[0][columns.indexOf('claim_id')] = 'clm_other';
        }),
      'world.tables.claim_lines.rows[0]',
    ],
    [
      'a value that the database does not take',
      () =>
        changed((d) => {
          const { columns, rows } = d.world.tables.claims;
          rows[0][columns.indexOf('status')] = 'LOST';
        }),
      'world.tables',
    ],
  ])('%s', async (_what, document, path) => {
    expect(await refusal(document())).toEqual([invalid, path]);
    const slug = good.provider.provider_slug;
    expect((await here.operator('GET', `/_sandbox/v1/providers/${slug}/clock`)).status).toBe(404);
  });

  test('a slug that is taken, and ids that are', async () => {
    const left = await there.provider();
    const document = await send(there, left.slug);
    await take(here, document);
    expect((await refusal(document))[0]).toBe('071-409-provider-exists');
    const renamed = { ...document, provider: { ...document.provider, provider_slug: `${left.slug}-2` } };
    expect((await refusal(renamed))[0]).toBe('071-409-ids-taken');
  });
});

test('a sponsor that has another currency in the other place is 409, and nobody arrives', async () => {
  const left = await there.provider();
  const profile = someProfile();
  await put(there, profile);
  await put(here, { ...profile, country_code: 'GT', currency_code: 'GTQ' });
  await affiliate(there, left, profile.sponsor_slug);
  await dispense(left, { sponsor_slug: profile.sponsor_slug });
  const document = await send(there, left.slug);
  await expect(take(here, document)).rejects.toMatchObject({
    code: '071-409-sponsor-missing',
    errors: [{ path: 'currency_code' }],
  });
  await put(here, profile);
  expect(await take(here, document)).toMatchObject({ provider_slug: left.slug });
});

test('an export of nobody is 404', async () => {
  await expect(send(here, 'nobody')).rejects.toMatchObject({ code: '071-404-provider' });
});

test('a pharmacy arrives without the owner of a code that it dispensed', async () => {
  const [owner, counter] = [await there.provider(), await there.provider()];
  const { authorization_code: code } = await approve(owner);
  const { dispensation_id } = await dispense(counter, { code });
  await take(here, await send(there, counter.slug));
  const own = await arrived(here, counter);
  const { body } = await own.call('GET', `/dispensing/v1/dispensations/${dispensation_id}`);
  expect(body.status).toBe('COMPLETED');
});

test('both directions are across dialects where the project is on PostgreSQL', () => {
  expect([here, there].map(({ sandbox }) => sandbox.units.store.dialect)).toEqual([
    inject('dialect'),
    'sqlite',
  ]);
});

async function openReceiver() {
  const received: Json[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, close };
}
