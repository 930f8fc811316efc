import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listDeliveries } from '../deliveries/service.ts';
import { recordEvent } from '../events.ts';
import { insertProvider, openTestBed, type TestBed, voided } from '../test-bed.ts';
import { admitSubscription } from './admission.ts';
import { emptySubscription } from './emptying.ts';
import { rotateSecret } from './secrets.ts';
import {
  deleteSubscription,
  getSubscription,
  listSubscriptions,
  patchSubscription,
  pauseSubscription,
  pingSubscription,
  resumeSubscription,
} from './service.ts';
import { rowsAtOnce } from './store.ts';

let bed: TestBed;
beforeEach(async () => {
  bed = await openTestBed();
});
afterEach(() => bed.close());

const url = 'http://127.0.0.1:1/hook';
const liveSecrets = async (subscription_id: string) =>
  (
    await bed.units.store.db
      .selectFrom('subscription_secrets')
      .selectAll()
      .where('subscription_id', '=', subscription_id)
      .orderBy('created_at_real', 'desc')
      .execute()
  ).map(({ secret }) => secret);

describe('admission', () => {
  it('names everything that is wrong with URL and patterns at once', async () => {
    const input = { url: 'ftp://u@x.example/#a', event_types: ['*', 'nothing.*', 'authorization.made'] };
    await expect(admitSubscription(input, { profile: 'local' })).rejects.toMatchObject({
      code: '071-422-validation',
      errors: [
        { path: 'url' },
        { path: 'url' },
        { path: 'url' },
        { path: 'event_types[1]' },
        { path: 'event_types[2]' },
      ],
    });
  });

  it('refuses an address that deliveries may not go to, naming the URL', async () => {
    for (const host of ['10.0.0.1', '169.254.169.254', '[fd00::1]']) {
      const input = { url: `https://${host}/`, event_types: ['*'] };
      await expect(admitSubscription(input, { profile: 'local' })).rejects.toMatchObject({
        code: '071-422-address-not-allowed',
        errors: [{ path: 'url' }],
      });
    }
  });
});

describe('subscriptions', () => {
  it('the secret is shown once, at creation', async () => {
    const { secret, ...shown } = await bed.subscribe(url);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9_-]{43}$/);
    expect(shown).toMatchObject({ url, event_types: ['*'], retry_on: 'non_2xx', status: 'ACTIVE' });
    expect(await bed.run((uow) => getSubscription(uow, shown.subscription_id))).toEqual(shown);
    expect(await bed.run((uow) => listSubscriptions(uow))).toEqual([shown]);
  });

  it('there are never more than ten, also when two are created at once', async () => {
    for (let count = 0; count < 9; count += 1) await bed.subscribe(url);
    const outcomes = await Promise.allSettled([bed.subscribe(url), bed.subscribe(url), bed.subscribe(url)]);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason.code)).toEqual(Array(2).fill('071-422-subscription-limit'));
    expect(await bed.run((uow) => listSubscriptions(uow))).toHaveLength(10);
  });

  it('a patch changes what it names and nothing else', async () => {
    const { secret: _, ...before } = await bed.subscribe(url);
    const input = await admitSubscription({ event_types: ['dispensing.*'] }, { profile: 'local' });
    const after = await bed.run((uow) => patchSubscription(uow, before.subscription_id, input));
    expect(after).toEqual({ ...before, event_types: ['dispensing.*'], updated_at: after.updated_at });
  });

  it('an unknown one and one of somebody else look the same', async () => {
    await insertProvider(bed.units, 'prv_other', 'other', 2);
    const { subscription_id } = await bed.subscribe(url);
    const input = await admitSubscription({}, { profile: 'local' });
    const calls = [
      getSubscription,
      deleteSubscription,
      pauseSubscription,
      resumeSubscription,
      pingSubscription,
      rotateSecret,
    ];
    for (const id of [subscription_id, 'whs_unknown']) {
      for (const call of calls) {
        const outcome = bed.units.run('prv_other', async (uow) => void (await call(uow, id)));
        await expect(outcome).rejects.toMatchObject({ code: '071-404-subscription' });
      }
      const patch = bed.units.run('prv_other', (uow) => patchSubscription(uow, id, input));
      await expect(patch).rejects.toMatchObject({ code: '071-404-subscription' });
    }
    expect(await bed.run((uow) => listSubscriptions(uow))).toHaveLength(1);
  });

  it('deleting one takes its secrets, deliveries and due work along, and nothing of another', async () => {
    const gone = await bed.subscribe(url);
    const kept = await bed.subscribe(url);
    await bed.record();
    await bed.run((uow) => deleteSubscription(uow, gone.subscription_id));
    const { rows } = await bed.run((uow) => listDeliveries(uow, {}, { page: 0, size: 10 }));
    expect(rows).toMatchObject([{ subscription_id: kept.subscription_id }]);
    expect(await bed.dueWork()).toMatchObject([{ lane: kept.subscription_id }]);
    expect(await liveSecrets(gone.subscription_id)).toEqual([]);
  });

  it('one with many deliveries is emptied a little at a time, while others go on, and another keeps its own', async () => {
    const gone = await bed.subscribe(url);
    const kept = await bed.subscribe(url);
    const count = 2 * rowsAtOnce + 1;
    await bed.run(async (uow) => {
      for (let index = 0; index < count; index += 1) {
        await recordEvent(uow, 'authorization.voided', 'auth_1', voided);
      }
    });
    const order: string[] = [];
    const emptied = emptySubscription(bed.units, bed.provider_id, gone.subscription_id).then(() =>
      order.push('emptied'),
    );
    for (const turn of ['first', 'second', 'third']) {
      await bed.run(async () => void order.push(turn));
    }
    await emptied;
    expect(order).toEqual(['first', 'second', 'third', 'emptied']);
    const left = (table: 'deliveries' | 'due_work') =>
      bed.units.store.db
        .selectFrom(table)
        .select((eb) => eb.fn.countAll().as('rows'))
        .execute();
    expect(await left('deliveries')).toEqual([{ rows: count }]);
    expect(await left('due_work')).toEqual([{ rows: count }]);
    await bed.run((uow) => deleteSubscription(uow, gone.subscription_id));
    expect(await bed.run((uow) => listSubscriptions(uow))).toMatchObject([
      { subscription_id: kept.subscription_id },
    ]);
  });

  it('pause and resume can be repeated', async () => {
    const { subscription_id } = await bed.subscribe(url);
    for (const [act, status] of [
      [pauseSubscription, 'PAUSED'],
      [pauseSubscription, 'PAUSED'],
      [resumeSubscription, 'ACTIVE'],
      [resumeSubscription, 'ACTIVE'],
    ] as const) {
      expect(await bed.run((uow) => act(uow, subscription_id))).toMatchObject({ status });
    }
  });

  it('a ping goes to this subscription alone, whatever its patterns', async () => {
    await bed.subscribe(url);
    const { subscription_id } = await bed.subscribe(url, { event_types: ['dispensing.*'] });
    const delivery = await bed.run((uow) => pingSubscription(uow, subscription_id));
    expect(delivery).toMatchObject({
      subscription_id,
      event_type: 'test.ping',
      status: 'PENDING',
      attempts: [],
    });
    const { rows } = await bed.run((uow) => listDeliveries(uow, {}, { page: 0, size: 10 }));
    expect(rows).toEqual([delivery]);
    expect(await bed.dueWork()).toMatchObject([{ subject_id: delivery.delivery_id, lane: subscription_id }]);
  });
});

describe('rotating the secret', () => {
  it('keeps the old one alive for the grace, newest first', async () => {
    const { subscription_id, secret } = await bed.subscribe(url);
    const rotated = await bed.run((uow) => rotateSecret(uow, subscription_id));
    expect(rotated.secret).not.toBe(secret);
    expect(await liveSecrets(subscription_id)).toEqual([rotated.secret, secret]);
  });

  it('without grace the old ones die at once', async () => {
    const { subscription_id } = await bed.subscribe(url);
    await bed.run((uow) => rotateSecret(uow, subscription_id));
    const { secret } = await bed.run((uow) => rotateSecret(uow, subscription_id, { grace_hours: 0 }));
    expect(await liveSecrets(subscription_id)).toEqual([secret]);
  });

  it('never leaves more than three alive', async () => {
    const { subscription_id, secret } = await bed.subscribe(url);
    const newestFirst = [secret];
    for (let count = 0; count < 5; count += 1) {
      newestFirst.unshift((await bed.run((uow) => rotateSecret(uow, subscription_id))).secret);
    }
    expect(await liveSecrets(subscription_id)).toEqual(newestFirst.slice(0, 3));
  });

  it('refuses a grace of over a week', async () => {
    const { subscription_id } = await bed.subscribe(url);
    for (const grace_hours of [-1, 1.5, 169]) {
      const outcome = bed.run((uow) => rotateSecret(uow, subscription_id, { grace_hours }));
      await expect(outcome).rejects.toMatchObject({
        code: '071-422-validation',
        errors: [{ path: 'grace_hours' }],
      });
    }
  });
});
