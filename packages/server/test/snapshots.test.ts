import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRows } from '../src/core/providers/world/store.ts';
import { approve, directClaim, dispense, eventsAbout, initiate, pdf, requestBody } from './flows.ts';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';
import { receive } from './receiver.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

const requests = '/arc/v1/authorization-requests';
const dispensations = '/dispensing/v1/dispensations';
const claims = '/arc/v1/outpatient-care-claim';
const control = (own: TestProvider, path: string) => `/_sandbox/v1/providers/${own.slug}/${path}`;
const take = async (own: TestProvider, name?: string): Promise<Json> =>
  (await own.call('POST', control(own, 'snapshots'), name === undefined ? undefined : { name })).body;
const restore = (own: TestProvider, which?: Json) => own.call('POST', control(own, 'restore'), which);
const dump = (own: TestProvider) => readRows(sandbox.sandbox.units.store.db, own.provider_id);
const clockOf = async (own: TestProvider) => (await own.call('GET', control(own, 'clock'))).body;

/** A request that the asynchronous sponsor decides after 30 seconds. */
async function pending(own: TestProvider): Promise<string> {
  const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-async' });
  const file = { file_type: 'MEDICAL_INDICATION', content_base64: pdf };
  await own.call('POST', `${requests}/${id}/indications`, file);
  await own.call('POST', `${requests}/${id}/complete`);
  return id;
}

/** An event about it is on its way. */
async function voided(own: TestProvider): Promise<string> {
  const { authorization_id } = await approve(own);
  await own.call('POST', `/arc/v1/authorizations/${authorization_id}/void`);
  return authorization_id;
}

describe('snapshots', () => {
  test('are taken, listed newest first, and deleted', async () => {
    const own = await sandbox.provider();
    const taken = await own.call('POST', control(own, 'snapshots'), { name: 'base' });
    expect([taken.status, taken.body.name]).toEqual([201, 'base']);
    expect(taken.body.snapshot_id).toMatch(/^snap_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(taken.body.rows).toBeGreaterThan(50);
    const unnamed = await take(own);
    expect(unnamed.name).toBeNull();

    const { body } = await own.call('GET', control(own, 'snapshots'));
    expect(body.content).toEqual([unnamed, taken.body]);
    expect(body.page.total_elements).toBe(2);

    const url = control(own, `snapshots/${unnamed.snapshot_id}`);
    expect((await own.call('DELETE', url)).status).toBe(204);
    expect((await own.call('DELETE', url)).body.code).toBe('071-404-snapshot');
    expect((await restore(own, { snapshot_id: unnamed.snapshot_id })).body.code).toBe('071-404-snapshot');
  });

  test('a name belongs to the newest that was given it', async () => {
    const own = await sandbox.provider();
    const first = await take(own, 'base');
    const second = await take(own, 'base');
    const { body } = await own.call('GET', control(own, 'snapshots'));
    expect(body.content).toEqual([second]);
    expect((await restore(own, { snapshot_id: first.snapshot_id })).status).toBe(404);
    expect((await restore(own, { name: 'base' })).body.snapshot_id).toBe(second.snapshot_id);
  });

  test('the newest is restored where none is named', async () => {
    const own = await sandbox.provider();
    expect((await restore(own)).body.code).toBe('071-404-snapshot');
    await take(own, 'older');
    const newest = await take(own);
    expect((await restore(own)).body).toMatchObject(newest);
    const both = await restore(own, { name: 'older', snapshot_id: newest.snapshot_id });
    expect([both.status, both.body.errors[0].path]).toEqual([422, 'name']);
  });

  test("another provider's are as unknown as any", async () => {
    const [own, other] = [await sandbox.provider(), await sandbox.provider()];
    const { snapshot_id } = await take(other, 'theirs');
    expect((await restore(own, { snapshot_id })).body.code).toBe('071-404-snapshot');
    expect((await restore(own, { name: 'theirs' })).body.code).toBe('071-404-snapshot');
    expect((await own.call('DELETE', control(own, `snapshots/${snapshot_id}`))).status).toBe(404);
    const theirs = await own.call('POST', control(other, 'restore'), { snapshot_id });
    expect(theirs.body.code).toBe('071-403-provider-mismatch');
    expect((await sandbox.operator('POST', control(other, 'restore'), { snapshot_id })).status).toBe(200);
  });

  test('survive a reset and a restore', async () => {
    const own = await sandbox.provider();
    const { snapshot_id } = await take(own, 'base');
    await own.call('POST', control(own, 'reset'));
    expect((await restore(own)).body.snapshot_id).toBe(snapshot_id);
    expect((await restore(own)).body.snapshot_id).toBe(snapshot_id);
  });
});

describe('a restore', () => {
  test('brings back the same ids, and nothing of what came after', async () => {
    const own = await sandbox.provider();
    const kept = await approve(own);
    await take(own, 'base');
    const before = await dump(own);

    const { dispensation_id } = await dispense(own, { code: kept.authorization_code });
    const later = await approve(own);
    await own.call('POST', control(own, 'reset'));
    expect((await own.call('GET', `/arc/v1/authorizations/${kept.authorization_id}`)).status).toBe(404);

    expect((await restore(own, { name: 'base' })).status).toBe(200);
    expect(await dump(own)).toEqual(before);
    const again = await own.call('GET', `/arc/v1/authorizations/${kept.authorization_id}`);
    expect(again.body).toMatchObject(kept);
    expect((await own.call('GET', `/arc/v1/authorizations/${later.authorization_id}`)).status).toBe(404);
    expect((await own.call('GET', `${dispensations}/${dispensation_id}`)).status).toBe(404);
    // And goes on from there.
    expect((await dispense(own, { code: kept.authorization_code })).status).toBe('COMPLETED');
  });

  test('shows the moment of the snapshot on the clock again, also when real time has gone on', async () => {
    const own = await sandbox.provider();
    await own.advance(3_600);
    const { clock } = await take(own);
    await own.advance(86_400 * 40);
    const ahead = await restore(own);
    expect(Date.parse(ahead.body.now) - Date.parse(clock)).toBeLessThan(5_000);
    expect(Date.parse(ahead.body.now)).toBeGreaterThanOrEqual(Date.parse(clock));
    expect((await clockOf(own)).offset_seconds).toBeGreaterThan(3_500);

    const other = await sandbox.provider();
    await take(other);
    await approve(other);
    await restore(other);
    const behind = await clockOf(other);
    expect(behind.offset_seconds).toBeLessThan(0);
    const { now } = await other.advance(60);
    expect(Date.parse(now) - Date.parse(behind.now)).toBeGreaterThanOrEqual(60_000);
    await other.call('POST', control(other, 'reset'));
    expect((await clockOf(other)).offset_seconds).toBe(0);
  });

  test('lets a pending decision fire each time as the first time', async () => {
    const own = await sandbox.provider();
    const id = await pending(own);
    await own.advance(10);
    await take(own, 'waiting');
    const outcomes = [];
    for (let round = 0; round < 3; round += 1) {
      expect((await restore(own, { name: 'waiting' })).status).toBe(200);
      await own.advance(15);
      expect((await own.call('GET', `${requests}/${id}`)).body.status).toBe('PENDING_SPONSOR');
      expect((await own.advance(10)).fired).toBe(1);
      const { status, authorizations } = (await own.call('GET', `${requests}/${id}`)).body;
      const [{ authorization_id }] = authorizations;
      const events = await eventsAbout(sandbox, own, authorization_id);
      outcomes.push([
        status,
        authorization_id,
        authorizations[0].status,
        events.map((each) => each.event_type),
      ]);
    }
    expect(outcomes[0]).toEqual(['COMPLETED', expect.any(String), 'APPROVED', ['authorization.created']]);
    expect(outcomes).toEqual([outcomes[0], outcomes[0], outcomes[0]]);
  });

  test('ends stored answers of idempotency keys', async () => {
    const own = await sandbox.provider();
    await take(own);
    const key = { 'idempotency-key': 'once' };
    const first = await own.call('POST', requests, requestBody(own), key);
    await restore(own);
    const second = await own.call('POST', requests, requestBody(own), key);
    expect([second.status, second.headers['idempotent-replayed']]).toEqual([201, undefined]);
    expect(second.body.authorization_request_id).not.toBe(first.body.authorization_request_id);
  });

  test('leaves credentials, tokens and limits alone', async () => {
    const own = await sandbox.provider({ limits: 'standard' });
    await take(own);
    const limits = { requests_per_minute: 77, token_requests_per_minute: 7 };
    await sandbox.operator('PUT', control(own, 'limits'), limits);
    expect((await restore(own)).status).toBe(200);
    expect((await own.call('GET', control(own, 'limits'))).body).toMatchObject(limits);
  });

  test('brings faults back as they were in force', async () => {
    const own = await sandbox.provider();
    await own.call('PUT', control(own, 'faults'), {
      seed: 7,
      routes: [{ path: '/v1/sponsors', status: 503, count: 2 }],
    });
    expect((await own.call('GET', '/v1/sponsors')).status).toBe(503);
    const { body } = await own.call('GET', control(own, 'faults'));
    await take(own);
    await own.call('DELETE', control(own, 'faults'));
    expect((await own.call('GET', '/v1/sponsors')).status).toBe(200);
    await restore(own);
    expect((await own.call('GET', control(own, 'faults'))).body).toEqual(body);
    const statuses = [];
    for (let call = 0; call < 2; call += 1) statuses.push((await own.call('GET', '/v1/sponsors')).status);
    expect(statuses).toEqual([503, 200]);
  });

  test('brings subscriptions back with their secrets, and takes later ones away', async () => {
    const own = await sandbox.provider();
    const kept = await receive(own, ['authorization.voided']);
    await take(own);
    const { body } = await own.call('GET', '/webhooks/v1/subscriptions');
    await own.call('DELETE', `/webhooks/v1/subscriptions/${body.content[0].subscription_id}`);
    const later = await receive(own, ['*']);
    await restore(own);
    expect((await own.call('GET', '/webhooks/v1/subscriptions')).body).toEqual(body);
    const authorization_id = await voided(own);
    await own.advance(1);
    expect(kept.received.map((event) => event.data.authorization_id)).toEqual([authorization_id]);
    expect(later.received).toEqual([]);
    await Promise.all([kept.close(), later.close()]);
  });

  test('delivers what was pending again, the same event', async () => {
    const own = await sandbox.provider();
    const { received, close } = await receive(own, ['authorization.voided']);
    await voided(own);
    await take(own);
    for (let round = 1; round <= 3; round += 1) {
      await own.advance(1);
      expect(received).toHaveLength(round);
      const { content } = (await own.call('GET', '/webhooks/v1/deliveries')).body;
      expect(content).toMatchObject([
        { status: 'DELIVERED', attempts: [{ number: 1, response_status: 204 }] },
      ]);
      await restore(own);
    }
    expect(new Set(received.map((event) => event.event_id)).size).toBe(1);
    await close();
  });

  test('is not touched by an attempt or an advance that was on its way when it happened', async () => {
    const own = await sandbox.provider();
    const held = await holdingReceiver(own);
    await voided(own);
    await take(own);
    const before = await dump(own);
    const { clock } = (await own.call('GET', control(own, 'snapshots'))).body.content[0];

    const advancing = own.advance(86_400);
    const answer = await held.next();
    await restore(own);
    answer.writeHead(204).end();
    await advancing;

    expect(await dump(own)).toEqual(before);
    expect(Date.parse((await clockOf(own)).now) - Date.parse(clock)).toBeLessThan(10_000);
    const redelivering = own.advance(1);
    (await held.next()).writeHead(204).end();
    await redelivering;
    const { content } = (await own.call('GET', '/webhooks/v1/deliveries')).body;
    expect(content).toMatchObject([{ status: 'DELIVERED', attempts: [{ number: 1 }] }]);
    await held.close();
  });

  test('says 409 and changes nothing when a code is taken by now', async () => {
    const [own, other] = [await sandbox.provider(), await sandbox.provider()];
    const { authorization_code } = await approve(own);
    const { snapshot_id } = await take(own);
    await own.call('POST', control(own, 'reset'));
    const theirs = await approve(other);
    await sandbox.sandbox.units.store.db
      .updateTable('authorizations')
      .set({ authorization_code })
      .where('authorization_id', '=', theirs.authorization_id)
      .execute();
    const before = await dump(own);
    const clock = await clockOf(own);
    const answer = await restore(own, { snapshot_id });
    expect([answer.status, answer.body.code]).toEqual([409, '071-409-ids-taken']);
    expect(await dump(own)).toEqual(before);
    expect((await clockOf(own)).offset_seconds).toBe(clock.offset_seconds);
  });
});

describe('across providers', () => {
  test('what others hold of the owner is withdrawn, and free in the restored world', async () => {
    const [owner, counter] = [await sandbox.provider(), await sandbox.provider()];
    const { authorization_id, authorization_code: code } = await approve(owner);
    const body = { code, beneficiary_id: counter.beneficiary() };
    const open = await counter.call('POST', dispensations, body);
    expect(open.status).toBe(201);
    await take(owner);
    await restore(owner);
    const { dispensation_id } = open.body;
    expect((await counter.call('GET', `${dispensations}/${dispensation_id}`)).body.status).toBe('CANCELLED');
    const free = await owner.call('GET', `/arc/v1/authorizations/${authorization_id}`);
    expect(free.body.status).toBe('APPROVED');
    expect((await dispense(counter, { code })).status).toBe('COMPLETED');
  });

  test('what the provider held of others is given back, and cancelled in the restored world', async () => {
    const [owner, counter] = [await sandbox.provider(), await sandbox.provider()];
    const { authorization_code: code } = await approve(owner);
    const open = await counter.call('POST', dispensations, { code, beneficiary_id: counter.beneficiary() });
    await take(counter);
    await restore(counter);
    const { dispensation_id } = open.body;
    expect((await counter.call('GET', `${dispensations}/${dispensation_id}`)).body.status).toBe('CANCELLED');
    await counter.advance(3_600);
    expect((await dispense(owner, { code })).status).toBe('COMPLETED');
  });

  test('a claim of another on a redemption that has not happened any more can be voided', async () => {
    const [owner, lab] = [await sandbox.provider(), await sandbox.provider()];
    const named = { extra: { provider_slugs: [lab.slug] } };
    const { authorization_id, authorization_code: code } = await approve(owner, named);
    await take(owner);
    const { body } = await lab.call('POST', claims, {
      beneficiary_id: lab.beneficiary(),
      sponsor_slug: 'sponsor-sandbox-do',
      diagnosis_code: 'E11.9',
      authorization_id,
      line_items: [{ product_code: 'MED-SBX-001', product_type: 'MEDICATION', quantity: 10 }],
    });
    const claim = `${claims}/${body.claim_id}`;
    await lab.call('POST', `${claim}/complete`, { document_number: 'FV-1' });
    expect((await lab.call('GET', claim)).body.status).toBe('COMPLETED');
    await restore(owner);
    expect((await lab.call('POST', `${claim}/void`)).body.status).toBe('VOIDED');
    const { status } = (await owner.call('GET', `/arc/v1/authorizations/${authorization_id}`)).body;
    expect(status).toBe('APPROVED');
    expect((await dispense(owner, { code })).status).toBe('COMPLETED');
  });

  test('nothing of others is lost', async () => {
    const [own, other] = [await sandbox.provider(), await sandbox.provider()];
    await directClaim(other);
    await dispense(other);
    await take(own);
    const before = await dump(other);
    await approve(own);
    await restore(own);
    expect(await dump(other)).toEqual(before);
  });
});

test('under 16 writers shows the old world or the new one, and loses nothing of others', async () => {
  const [own, other] = [await sandbox.provider(), await sandbox.provider()];
  const kept = await approve(own, {
    products: [
      ['MED-SBX-001', 10],
      ['MED-SBX-002', 5],
    ],
  });
  await take(own, 'base');
  let restoring = true;
  const made: string[] = [];
  const problems: string[] = [];

  const writeOwn = async () => {
    while (restoring) {
      const found = await own.call('GET', `/arc/v1/authorizations/${kept.authorization_id}`);
      if (found.status !== 200 || found.body.products.length !== 2) problems.push(found.text);
      const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-do' });
      const done = await own.call('POST', `${requests}/${id}/complete`);
      // The request may be gone by now; an approval that is answered is whole.
      if (done.status !== 404 && done.body.authorizations?.[0].products.length !== 1)
        problems.push(done.text);
    }
  };
  const writeOther = async () => {
    while (restoring) made.push((await approve(other)).authorization_id);
  };
  const writers = [...Array.from({ length: 12 }, writeOwn), ...Array.from({ length: 4 }, writeOther)];
  const answers = [];
  for (let round = 0; round < 10; round += 1) answers.push((await restore(own, { name: 'base' })).status);
  restoring = false;
  await Promise.all(writers);

  expect(answers).toEqual(answers.map(() => 200));
  expect(problems).toEqual([]);
  for (const id of made) {
    expect((await other.call('GET', `/arc/v1/authorizations/${id}`)).status).toBe(200);
  }
  const world = await dump(own);
  await restore(own);
  const base = await dump(own);
  expect(base.authorizations?.rows).toHaveLength(1);
  expect(world.authorization_lines?.rows.length).toBeGreaterThanOrEqual(2);
});

/** A subscribed receiver that answers when the test does. */
async function holdingReceiver(by: TestProvider) {
  const arrived: ServerResponse[] = [];
  let told = () => {};
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      arrived.push(response);
      told();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  await by.call('POST', '/webhooks/v1/subscriptions', { url, event_types: ['authorization.voided'] });
  return {
    next: async (): Promise<ServerResponse> => {
      for (;;) {
        const response = arrived.shift();
        if (response !== undefined) return response;
        await new Promise<void>((resolve) => {
          told = resolve;
        });
      }
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
