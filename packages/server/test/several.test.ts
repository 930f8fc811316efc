import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createSigningKeys } from '../src/core/tokens/signing-keys.ts';
import { at, type Cluster, startCluster } from './cluster.ts';
import { approve, initiate, requestBody } from './flows.ts';
import { basic, type Json, type Reply, type TestProvider, type TestSandbox } from './harness.ts';
import { receive } from './receiver.ts';
import { hasRedis, newRedis, type RedisServer } from './redis-server.ts';

const requests = '/arc/v1/authorization-requests';
const statusesOf = (replies: readonly Reply[]) => replies.map(({ status }) => status);
const count = <T>(values: readonly T[], value: T) => values.filter((each) => each === value).length;

function token(member: TestSandbox | undefined, { client_id, client_secret }: TestProvider): Promise<Reply> {
  if (member === undefined) throw new Error('There is no such member');
  return member.call('POST', '/v1/oauth/token', {
    body: 'grant_type=client_credentials',
    headers: { ...basic(client_id, client_secret), 'content-type': 'application/x-www-form-urlencoded' },
  });
}

// Only there do several processes share a database.
if (inject('dialect') === 'postgres') {
  describe('four processes on one PostgreSQL', () => fourProcesses());
  describe.skipIf(!hasRedis)('four processes with Redis beside it (needs redis-server)', () => {
    fourWithRedis();
  });
}

function limitsHold(members: () => readonly TestSandbox[]): void {
  test('count the calls of one client exactly', async () => {
    const own = (await members()[0]?.provider({ limits: 'standard' })) as TestProvider;
    const replies = await Promise.all(
      Array.from({ length: 80 }, (_, index) => at(members()[index % 4], own).call('GET', '/v1/sponsors')),
    );
    const accepted = replies.filter(({ status }) => status === 200);
    expect([accepted.length, count(statusesOf(replies), 429)]).toEqual([50, 30]);
    const remaining = accepted.map(({ headers }) => Number(headers['ratelimit-remaining']));
    expect(remaining.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    // Getting the token that they were made with was the first of ten.
    const tokens = await Promise.all(
      Array.from({ length: 16 }, (_, index) => token(members()[index % 4], own)),
    );
    expect([count(statusesOf(tokens), 200), count(statusesOf(tokens), 429)]).toEqual([9, 7]);
  });
}

function fourProcesses(): void {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster([{}, {}, {}, { worker: true }]);
  });
  afterAll(() => cluster.stop());
  const member = (index: number) => cluster.members[index];
  const everywhere = (own: TestProvider) => cluster.members.map((each) => at(each, own));
  const newProvider = () => cluster.members[0]?.provider() as Promise<TestProvider>;

  limitsHold(() => cluster.members);

  test('a standing limit and a lift that one sets hold at the others', async () => {
    const own = await newProvider();
    const limit = async (index: number) =>
      (await at(member(index), own).call('GET', '/v1/sponsors')).headers['ratelimit-limit'];
    const base = `/_sandbox/v1/providers/${own.slug}/limits`;
    await member(0)?.operator('PUT', base, { requests_per_minute: 70, token_requests_per_minute: 10 });
    expect(await limit(1)).toBe('70');
    const lift = { ends_at: '2099-01-01T00:00:00Z', requests_per_minute: 7_000, reason: 'Load test' };
    await member(2)?.operator('POST', `${base}/lift`, lift);
    expect(await limit(3)).toBe('7000');
  });

  test('an Idempotency-Key that arrives everywhere at once has one effect and one answer', async () => {
    const own = await newProvider();
    const body = requestBody(own);
    const replies = await Promise.all(
      [...everywhere(own), ...everywhere(own), ...everywhere(own)].map((each) =>
        each.call('POST', requests, body, { 'idempotency-key': 'raced' }),
      ),
    );
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect(new Set(statusesOf(replies))).toEqual(new Set([201]));
    expect(replies.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(11);
    expect((await own.call('GET', requests)).body.page.total_elements).toBe(1);
  });

  test('of redemptions of one code everywhere at once one wins', async () => {
    const own = await newProvider();
    const { authorization_code: code } = await approve(own);
    const replies = await Promise.all(
      everywhere(own).map((each) =>
        each.call('POST', '/dispensing/v1/dispensations', { code, beneficiary_id: own.beneficiary() }),
      ),
    );
    expect(statusesOf(replies).sort()).toEqual([201, 409, 409, 409]);
  });

  test('credentials that one rotates are dead at the others at once', async () => {
    const own = await newProvider();
    // All of them have seen both before.
    const known = await Promise.all([
      ...everywhere(own).map((each) => each.call('GET', '/v1/sponsors')),
      ...cluster.members.map((each) => token(each, own)),
    ]);
    expect(new Set(statusesOf(known))).toEqual(new Set([200]));
    const path = `/_sandbox/v1/providers/${own.slug}/credentials/rotate`;
    const rotated = await member(0)?.operator('POST', path);
    const dead = await Promise.all([
      ...everywhere(own).map((each) => each.call('GET', '/v1/sponsors')),
      ...cluster.members.map((each) => token(each, own)),
    ]);
    expect(new Set(statusesOf(dead))).toEqual(new Set([401]));
    expect((await token(member(2), { ...own, ...rotated?.body })).status).toBe(200);
  });

  test('a signing key that one makes or rotates is known to the others at once', async () => {
    const fresh = await startCluster([{}, {}, {}, {}]);
    try {
      const own = await fresh.members[0]?.provider();
      if (own === undefined) throw new Error('No provider');
      await fresh.members[0]?.sandbox.units.store.db.deleteFrom('signing_keys').execute();
      // None there is yet, and all four make the first one.
      const issued = (await Promise.all(fresh.members.map((each) => token(each, own)))).map(
        ({ body }) => body.access_token,
      );
      const store = fresh.members[1]?.sandbox.units.store;
      if (store === undefined) throw new Error('No store');
      await createSigningKeys(store).rotate();
      issued.push((await token(fresh.members[2], own)).body.access_token);
      for (const each of fresh.members) {
        const replies = await Promise.all(
          issued.map((access_token) => at(each, { ...own, token: access_token }).call('GET', '/v1/sponsors')),
        );
        expect(statusesOf(replies)).toEqual([200, 200, 200, 200, 200]);
      }
      const sets = await Promise.all(fresh.members.map((each) => each.call('GET', '/v1/oauth/jwks.json')));
      expect(new Set(sets.map(({ text }) => text)).size).toBe(1);
      const current = await store.db
        .selectFrom('signing_keys')
        .select('kid')
        .where('retired_at_real', 'is', null)
        .execute();
      expect(current).toHaveLength(1);
    } finally {
      await fresh.stop();
    }
  });

  test('a reset at one empties the world of all, and none ever shows half of it', async () => {
    const own = await newProvider();
    const id = await initiate(own);
    const base = `/_sandbox/v1/providers/${own.slug}`;
    const seen = await seeds(at(member(1), own));
    let resetting = true;
    const watching = [1, 2, 3].map(async (index) => {
      const halves: Json[] = [];
      while (resetting) {
        const found = await seeds(at(member(index), own));
        if (JSON.stringify(found) !== JSON.stringify(seen)) halves.push(found);
      }
      return halves;
    });
    // Ids of the world before are unknown, those of the present one are not: nothing else happens.
    const writing = at(member(2), own);
    const wrote: Reply[] = [];
    const write = async () => {
      while (resetting) wrote.push(await writing.call('POST', requests, requestBody(own)));
    };
    const written = write();
    for (let times = 0; times < 4; times += 1) {
      expect((await member(0)?.operator('POST', `${base}/reset`))?.status).toBe(200);
      const gone = await Promise.all(everywhere(own).map((each) => each.call('GET', `${requests}/${id}`)));
      expect(statusesOf(gone)).toEqual([404, 404, 404, 404]);
    }
    resetting = false;
    expect((await Promise.all(watching)).flat()).toEqual([]);
    await written;
    expect(statusesOf(wrote).filter((status) => status !== 201 && status !== 422)).toEqual([]);
    expect(wrote.at(-1)?.body.errors[0].path).toBe('beneficiary_id');
  });

  test('a restore at one brings the kept world back at all', async () => {
    const own = await newProvider();
    const base = `/_sandbox/v1/providers/${own.slug}`;
    const kept = await initiate(own);
    await own.call('POST', `${base}/snapshots`, { name: 'base' });
    const later = await initiate(own);
    expect((await at(member(1), own).call('POST', `${base}/restore`, { name: 'base' })).status).toBe(200);
    for (const each of everywhere(own)) {
      const found = await Promise.all([kept, later].map((id) => each.call('GET', `${requests}/${id}`)));
      expect(statusesOf(found)).toEqual([200, 404]);
    }
  });

  test('faults and subscriptions that one is given apply at the others', async () => {
    const own = await newProvider();
    const faults = `/_sandbox/v1/providers/${own.slug}/faults`;
    await own.call('PUT', faults, { routes: [{ path: '/v1/sponsors', status: 503, count: 2 }] });
    const met: Reply[] = [];
    for (const each of everywhere(own)) met.push(await each.call('GET', '/v1/sponsors'));
    expect(statusesOf(met)).toEqual([503, 503, 200, 200]);
    await at(member(2), own).call('DELETE', faults);

    const receiver = await receive(own, ['authorization.*']);
    const { authorization_id } = await approve(at(member(1), own));
    await at(member(2), own).call('POST', `/arc/v1/authorizations/${authorization_id}/void`);
    await expect.poll(() => receiver.received.length, { timeout: 5_000 }).toBe(1);
    const { body } = await own.call('GET', '/webhooks/v1/subscriptions');
    const path = `/webhooks/v1/subscriptions/${body.content[0].subscription_id}`;
    await at(member(3), own).call('DELETE', path);
    expect((await at(member(1), own).call('GET', path)).status).toBe(404);
    await receiver.close();
  });
}

/** Of everything that a world is seeded with, how many. */
async function seeds(own: TestProvider): Promise<Json> {
  const { body } = await own.call('GET', `/_sandbox/v1/providers/${own.slug}/onboarding-sheet`);
  return [body.sponsors.length, body.beneficiaries.length, body.products.length];
}

function fourWithRedis(): void {
  let redis: RedisServer;
  let cluster: Cluster;
  beforeAll(async () => {
    redis = await newRedis();
    await redis.start();
    cluster = await startCluster(Array.from({ length: 4 }, () => ({ redisUrl: redis.url })));
  });
  afterAll(async () => {
    await cluster.stop();
    await redis.stop();
  });

  limitsHold(() => cluster.members);

  test('without Redis nobody is counted and nobody is let in; with it everything goes on', async () => {
    const own = await (cluster.members[0] as TestSandbox).provider();
    const call = (index: number) => at(cluster.members[index], own).call('GET', '/v1/sponsors');
    expect((await call(1)).status).toBe(200);
    await redis.stop();
    for (const index of [0, 1, 2, 3]) {
      const refused = await call(index);
      expect([refused.status, refused.body.code]).toEqual([503, '071-503']);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    }
    await redis.start();
    for (const index of [0, 1, 2, 3]) {
      await expect.poll(async () => (await call(index)).status, { timeout: 10_000 }).toBe(200);
    }
  });
}
