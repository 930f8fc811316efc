import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Cluster, startCluster } from './cluster.ts';
import { approve, initiate } from './flows.ts';
import { onServer, type TestProvider, type TestSandbox } from './harness.ts';
import { type Receiver, receive } from './receiver.ts';
import { hasRedis, newRedis, type RedisServer } from './redis-server.ts';

/** Well below the second after which a worker looks by itself. */
const prompt = 250;
const requests = '/arc/v1/authorization-requests';

// Only there do several processes share a database.
if (inject('dialect') === 'postgres') {
  describe('with LISTEN and NOTIFY', () => onOneBus(async () => undefined));
  describe.skipIf(!hasRedis)('with Redis (needs redis-server)', () => {
    onOneBus(async () => {
      const redis = await newRedis();
      await redis.start();
      return redis;
    });
  });
}

function onOneBus(open: () => Promise<RedisServer | undefined>): void {
  let redis: RedisServer | undefined;
  let cluster: Cluster;
  let serving: TestSandbox;
  let own: TestProvider;
  let receiver: Receiver;

  beforeAll(async () => {
    redis = await open();
    const redisUrl = redis?.url;
    const bus = redisUrl === undefined ? {} : { redisUrl };
    cluster = await startCluster([
      { role: 'serve', ...bus },
      { role: 'serve', ...bus },
      { role: 'work', worker: true, ...bus },
    ]);
    serving = cluster.members[0] as TestSandbox;
    own = await serving.provider();
    receiver = await receive(own, ['*']);
  });
  afterAll(async () => {
    await receiver.close();
    await cluster.stop();
    await redis?.stop();
  });

  /** From the call at a process that only serves to the delivery by the one that works, milliseconds. */
  async function roundTrip(): Promise<number> {
    const { authorization_id } = await approve(own);
    const before = receiver.received.length;
    const asked = performance.now();
    await own.call('POST', `/arc/v1/authorizations/${authorization_id}/void`);
    await expect.poll(() => receiver.received.length, { interval: 2, timeout: 5_000 }).toBe(before + 1);
    return performance.now() - asked;
  }

  async function medianOf(times: number): Promise<number> {
    const measured: number[] = [];
    for (let index = 0; index < times; index += 1) measured.push(await roundTrip());
    return measured.sort((a, b) => a - b)[Math.floor(times / 2)] ?? Number.POSITIVE_INFINITY;
  }

  test('what one serves is done by another at once, not at its next look', async () => {
    await roundTrip();
    expect(await medianOf(9)).toBeLessThan(prompt);
  });

  test('a decision is made when it is due', async () => {
    const id = await initiate(own, { sponsor_slug: 'sponsor-sandbox-async' });
    await own.call('POST', `${requests}/${id}/complete`);
    await own.advance(29);
    const before = receiver.received.length;
    const asked = performance.now();
    await expect.poll(() => receiver.received.length, { interval: 5, timeout: 5_000 }).toBe(before + 1);
    expect(performance.now() - asked).toBeLessThan(1_000 + prompt);
    expect(receiver.received.at(-1)).toMatchObject({ event_type: 'authorization.created' });
  });

  test('whoever watches at one sees what happens at the others', async () => {
    const watched = cluster.members[1] as TestSandbox;
    await watched.sandbox.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = watched.sandbox.app.server.address() as AddressInfo;
    const end = new AbortController();
    const response = await fetch(`http://127.0.0.1:${port}/_sandbox/v1/providers/${own.slug}/live`, {
      headers: { authorization: `Bearer ${own.token}` },
      signal: end.signal,
    });
    let told = '';
    const reading = (async () => {
      for await (const chunk of response.body ?? []) told += Buffer.from(chunk).toString();
    })().catch(() => undefined);
    // The others may hear a moment later that somebody watches.
    await expect
      .poll(async () => {
        await roundTrip();
        return ['event: request', 'event: event', 'event: delivery'].filter((line) => told.includes(line));
      })
      .toHaveLength(3);
    end.abort();
    await reading;
  });

  test('without the bus everything is found at the next look, and at once when the bus is back', async () => {
    if (redis === undefined) await endConnections('bus');
    else await redis.stop();
    if (redis === undefined) expect(await roundTrip()).toBeLessThan(2_500);
    await redis?.start();
    await expect.poll(() => medianOf(5).catch(() => 9_999), { timeout: 20_000 }).toBeLessThan(prompt);
  });

  /** Of all processes, those of one kind. */
  function endConnections(kind: string): Promise<void> {
    return onServer(
      cluster.database,
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'osigu-sandbox ${kind}'`,
    );
  }

  if (inject('dialect') === 'postgres')
    test('what a dead process had claimed is given back, what a living one has is not', async () => {
      const client = new pg.Client({ connectionString: cluster.database });
      await client.connect();
      const { rows: living } = await client.query('select claimant from processes');
      expect(living).toHaveLength(3);
      await client.query('insert into processes values (77, 0)');
      const claim = async (work_id: string, by: number) =>
        client.query(
          `insert into due_work (work_id, kind, subject_id, provider_id, due_at, due_at_real, lease_until_real, claimed_by)
           values ($1, 'test', $1, $2, 0, 99999999999999, 99999999999999, $3)`,
          [work_id, own.provider_id, by],
        );
      await claim('of-the-dead', 77);
      await claim('of-the-living', living[0].claimant);
      // A connection that breaks kills nobody.
      await endConnections('presence');
      const leased = async () =>
        (
          await client.query<{ work_id: string }>(
            `select work_id from due_work where kind = 'test' and lease_until_real > 0`,
          )
        ).rows.map(({ work_id }) => work_id);
      await expect.poll(leased, { timeout: 10_000, interval: 100 }).toEqual(['of-the-living']);
      const { rows: left } = await client.query('select claimant from processes');
      expect(left).toHaveLength(3);
      await client.query(`delete from due_work where kind = 'test'`);
      await client.end();
    });
}
