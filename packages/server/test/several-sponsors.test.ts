import type { SponsorProfile } from '@osigu-sandbox/contract';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { initiateRequest } from '../src/core/authorizations/initiate.ts';
import { createClaim } from '../src/core/claims/create.ts';
import { openSettlement } from '../src/core/settlements/open.ts';
import { importProfile, removeProfile } from '../src/core/sponsors/import/profiles.ts';
import { sendOtp } from '../src/core/verification/otp.ts';
import type { UnitOfWork } from '../src/engine/unit-of-work.ts';
import type { Store } from '../src/store/store.ts';
import { at, type Cluster, startCluster } from './cluster.ts';
import { requestBody } from './flows.ts';
import type { Json, Reply, TestProvider, TestSandbox } from './harness.ts';
import { affiliate, put, someProfile } from './shadows.ts';

// Only there do several processes share a database.
if (inject('dialect') === 'postgres') {
  describe('a sponsor that one process takes away while another writes something of it', () => takenAway());
}

const outcome = ({ status, body }: Reply) => [status, body?.code];

function takenAway(): void {
  let cluster: Cluster;
  let writing: TestSandbox;
  let taking: TestSandbox;
  beforeAll(async () => {
    cluster = await startCluster([{}, {}]);
    [writing, taking] = cluster.members as [TestSandbox, TestSandbox];
  });
  afterAll(() => cluster.stop());

  let own: TestProvider;
  let profile: SponsorProfile;
  let alias: string;
  beforeEach(async () => {
    own = await writing.provider();
    const { sponsor_slug } = someProfile();
    alias = `${sponsor_slug}-alias`;
    const settlement = { mode: 'BATCH', delay_seconds: 30 } as const;
    profile = someProfile({ sponsor_slug, aliases: [alias], settlement });
    await put(writing, profile);
    await affiliate(writing, own, sponsor_slug);
  });

  const remove = () => taking.operator('DELETE', `/_sandbox/v1/sponsors/${profile.sponsor_slug}`);
  const withdraw = async (take: () => Promise<Reply>) => {
    await affiliate(taking, own);
    return take();
  };
  const inQuetzales = (): SponsorProfile => ({ ...profile, country_code: 'GT', currency_code: 'GTQ' });
  const withoutAlias = (): SponsorProfile => ({ ...profile, aliases: [] });

  const item = { product_code: 'MED-SBX-001', product_type: 'MEDICATION', quantity: 1 } as const;
  const claimBody = (sponsor_slug: string) => ({
    beneficiary_id: own.beneficiary(),
    sponsor_slug,
    diagnosis_code: 'E11.9',
    line_items: [item],
  });
  const writers: Record<string, (uow: UnitOfWork, sponsor_slug: string) => Promise<unknown>> = {
    'a request': (uow, sponsor_slug) =>
      initiateRequest(
        uow,
        requestBody(own, { sponsor_slug }) as unknown as Parameters<typeof initiateRequest>[1],
      ),
    'a claim': (uow, sponsor_slug) => createClaim(uow, 'OUTPATIENT_CARE', claimBody(sponsor_slug)),
    'a settlement': (uow, sponsor_slug) => openSettlement(uow, { sponsor_slug, period: '2026-01' }),
    'a one-time password': (uow, sponsor_slug) =>
      sendOtp(uow, { beneficiary_id: own.beneficiary(), sponsor_slug, channel: 'SMS' }),
  };
  const kinds = Object.keys(writers);

  /** What `take` comes to, begun when `kind` is written but not committed, which it is once `take` waits or has ended. */
  async function during(kind: string, sponsor_slug: string, take: () => Promise<Reply>): Promise<Reply> {
    let taken: Promise<Reply> | undefined;
    await writing.sandbox.units.run(own.provider_id, async (uow) => {
      await writers[kind]?.(uow, sponsor_slug);
      taken ??= take();
      await endedOrWaiting(taken);
    });
    if (taken === undefined) throw new Error('Nothing was taken');
    return taken;
  }

  /** As `during`, the other way round: `work` of `taking` is done but not committed when `write` begins. */
  async function after(
    work: (store: Store) => Promise<unknown>,
    write: () => Promise<Reply>,
  ): Promise<Reply> {
    const { store } = taking.sandbox.units;
    let written: Promise<Reply> | undefined;
    const held: Store['transaction'] = (inside) =>
      store.transaction(async (db) => {
        const result = await inside(db);
        written ??= write();
        await endedOrWaiting(written);
        return result;
      });
    await work({ ...store, transaction: held });
    if (written === undefined) throw new Error('Nothing was written');
    return written;
  }

  async function endedOrWaiting(call: Promise<unknown>): Promise<void> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    call.then(end, end);
    await expect.poll(async () => ended || (await isAnyoneWaiting()), { timeout: 10_000 }).toBe(true);
  }

  async function isAnyoneWaiting(): Promise<boolean> {
    const { rows } = await sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
    `.execute(taking.sandbox.units.store.db);
    return rows.length > 0;
  }

  async function expectReadable(): Promise<void> {
    for (const path of ['/arc/v1/authorization-requests', '/arc/v1/claims', '/v3/settlements']) {
      const { status, body } = await at(taking, own).call('GET', path);
      expect([path, status]).toEqual([path, 200]);
      for (const row of body.content as Json[]) expect(row.currency_code ?? 'COP').toBe('COP');
    }
  }

  test.each(kinds)('is not deleted under %s', async (kind) => {
    const taken = await during(kind, profile.sponsor_slug, () => withdraw(remove));
    expect(outcome(taken)).toEqual([409, '071-409-sponsor-in-use']);
    await expectReadable();
  });

  test.each(kinds)('keeps its currency under %s', async (kind) => {
    const taken = await during(kind, profile.sponsor_slug, () => withdraw(() => put(taking, inQuetzales())));
    expect(outcome(taken)).toEqual([409, '071-409-sponsor-in-use']);
    await expectReadable();
  });

  // A one-time password names the sponsor itself.
  test.each(kinds.slice(0, 3))('keeps the alias that %s names it by', async (kind) => {
    const taken = await during(kind, alias, () => put(taking, withoutAlias()));
    expect(outcome(taken)).toEqual([409, '071-409-sponsor-in-use']);
    await expectReadable();
  });

  test('is not deleted under an affiliation', async () => {
    const other = await writing.provider();
    await affiliate(writing, own);
    const taken = await after(
      (store) => removeProfile(store, profile.sponsor_slug),
      () => affiliate(writing, other, profile.sponsor_slug),
    );
    expect([taken.status, taken.body.errors[0].path]).toEqual([422, 'sponsor_slugs[0]']);
  });

  test('is replaced while somebody writes, where that takes nothing away', async () => {
    const taken = await during('a claim', profile.sponsor_slug, () =>
      put(taking, { ...profile, name: 'Otra' }),
    );
    expect(taken.status).toBe(200);
  });

  test('is by an alias what it has become for whoever waited', async () => {
    const request = () =>
      own.call('POST', '/arc/v1/authorization-requests', requestBody(own, { sponsor_slug: alias }));
    const refused = await after((store) => importProfile(store, withoutAlias()), request);
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      [{ path: 'sponsor_slug', message: 'is unknown' }],
    ]);
    await put(taking, profile);
    expect((await after((store) => importProfile(store, { ...profile, name: 'Otra' }), request)).status).toBe(
      201,
    );
  });

  test('affiliations that are set everywhere at once are those of one call', async () => {
    const { sponsor_slug } = profile;
    const sets = [
      ['sponsor-sandbox'],
      ['sponsor-sandbox', sponsor_slug],
      [sponsor_slug, 'sponsor-sandbox-do'],
    ];
    const replies = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        affiliate(index % 2 === 0 ? writing : taking, own, ...(sets[index % 3] ?? [])),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    const { body } = await at(taking, own).call('GET', '/v1/sponsors');
    const last = body.content.map((each: Json) => each.sponsor_slug).sort();
    expect(sets.map((set) => set.toSorted())).toContainEqual(last);
  });
}
