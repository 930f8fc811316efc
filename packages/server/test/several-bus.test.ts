import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Cluster, endConnections, startCluster } from './cluster.ts';
import { approve, initiate } from './flows.ts';
import type { TestProvider, TestSandbox } from './harness.ts';
import { type Receiver, receive } from './receiver.ts';
import { hasRedis, newRedis, type RedisServer } from './redis-server.ts';
import { shadow } from './shadows.ts';

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

function medianOf(measured: readonly number[]): number {
  const sorted = measured.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
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

  async function usualRoundTrip(times: number): Promise<number> {
    const measured: number[] = [];
    for (let index = 0; index < times; index += 1) measured.push(await roundTrip());
    return medianOf(measured);
  }

  test('what one serves is done by another at once, not at its next look', async () => {
    await roundTrip();
    expect(await usualRoundTrip(9)).toBeLessThan(prompt);
  });

  test('a decision is made when it is due', async () => {
    const clinic = await serving.provider();
    const latency = { distribution: 'fixed', seconds: 0.2 } as const;
    const sponsor_slug = await shadow(serving, clinic, { evaluation: 'ASYNC', latency });
    const told = await receive(clinic, ['authorization.created']);
    const late: number[] = [];
    for (let decided = 1; decided <= 9; decided += 1) {
      const id = await initiate(clinic, { sponsor_slug });
      const asked = performance.now();
      await clinic.call('POST', `${requests}/${id}/complete`);
      await expect.poll(() => told.received.length, { interval: 2, timeout: 5_000 }).toBe(decided);
      late.push(performance.now() - asked - 200);
    }
    expect(medianOf(late)).toBeLessThan(prompt);
    await told.close();
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
    if (redis === undefined) await endConnections(cluster.database, 'bus');
    else await redis.stop();
    if (redis === undefined) expect(await roundTrip()).toBeLessThan(2_500);
    await redis?.start();
    await expect.poll(() => usualRoundTrip(5).catch(() => 9_999), { timeout: 20_000 }).toBeLessThan(prompt);
  });
}
