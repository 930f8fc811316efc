import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { endConnections, startCluster } from './cluster.ts';
import { startReceiver } from './process/receiver.ts';

// Only there do several processes share a database.
if (inject('dialect') === 'postgres') {
  test('what a dead process had claimed is given back, what a living one has is not', async () => {
    const cluster = await startCluster([{ role: 'serve' }, { role: 'work', worker: true }]);
    const own = await cluster.members[0]?.provider();
    const client = new pg.Client({ connectionString: cluster.database });
    await client.connect();
    const processes = async () => (await client.query('select claimant from processes order by 1')).rows;
    const claim = (work_id: string, by: number) =>
      client.query(
        `insert into due_work
           (work_id, kind, subject_id, provider_id, due_at, due_at_real, lease_until_real, claimed_by)
         values ($1, 'test', $1, $2, 0, 99999999999999, 99999999999999, $3)`,
        [work_id, own?.provider_id, by],
      );
    const leased = async () => {
      const { rows } = await client.query('select work_id from due_work where lease_until_real > 0');
      return rows.map(({ work_id }) => work_id);
    };
    const living = await processes();
    expect(living).toHaveLength(2);
    // A row without the lock that goes with it.
    await client.query('insert into processes values (77, 0)');
    await claim('of-the-dead', 77);
    await claim('of-the-living', living[0].claimant);
    // A connection that breaks kills nobody.
    await endConnections(cluster.database, 'presence');
    await expect.poll(leased, { timeout: 10_000, interval: 100 }).toEqual(['of-the-living']);
    expect(await processes()).toEqual(living);
    await client.end();
    await cluster.stop();
  });

  test('a receiver has at most eight connections, of all processes together, and gets everything', async () => {
    const cluster = await startCluster([
      { role: 'serve' },
      { role: 'work', worker: true },
      { role: 'work', worker: true },
    ]);
    const seen = () => cluster.members.map(({ sandbox }) => sandbox.units.store.living());
    const living = { working: 2, serving: 1 };
    await expect.poll(seen, { timeout: 10_000 }).toEqual([living, living, living]);
    const own = await cluster.members[0]?.provider();
    if (own === undefined) throw new Error('There is no provider');
    const receiver = await startReceiver();
    const subscription_id = await receiver.subscribe(own);
    receiver.hold();
    for (let count = 0; count < 200; count += 1) {
      await own.call('POST', `/webhooks/v1/subscriptions/${subscription_id}/test`);
    }
    // Three of each that works, and one is left for the third, which could advance the clock.
    await expect.poll(receiver.held, { timeout: 10_000 }).toBe(6);
    receiver.release();
    await expect.poll(() => receiver.events().length, { timeout: 10_000 }).toBe(200);
    expect(receiver.complaints()).toEqual([]);
    await receiver.close();
    await cluster.stop();
  });
}
