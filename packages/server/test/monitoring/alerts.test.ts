import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { dispense, initiate } from '../flows.ts';
import { basic, startSandbox, type TestProvider, type TestSandbox } from '../harness.ts';
import { scrape } from './metrics-page.ts';
import { alertRules, attempted, firing, firingAfter, receiveWith, repeat, subscribe } from './stage.ts';

/** How far the clocks of the machine are ahead. Never less than before: ids keep the latest time that they have seen. */
let ahead = 0;
/** What passes between any two looks at the clock on a machine that is too slow. */
let eachLook = 0;

const minutes = 60_000;

function later(milliseconds: number): void {
  ahead += milliseconds;
}

beforeAll(() => {
  const [now, elapsed] = [Date.now.bind(Date), performance.now.bind(performance)];
  vi.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
  vi.spyOn(performance, 'now').mockImplementation(() => {
    ahead += eachLook;
    return elapsed() + ahead;
  });
});
afterEach(() => {
  eachLook = 0;
});
afterAll(() => vi.restoreAllMocks());

function wrongSecret(sandbox: TestSandbox, { client_id }: TestProvider) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...basic(client_id, 'wrong') };
  return sandbox.call('POST', '/v1/oauth/token', { body: 'grant_type=client_credentials', headers });
}

const readSponsors = (provider: TestProvider) => provider.call('GET', '/v1/sponsors');
const readDispensations = (provider: TestProvider) => provider.call('GET', '/dispensing/v1/dispensations');
/** Two events each. */
const dispenseThrice = (provider: TestProvider) => repeat(3, () => dispense(provider));

async function withReceiver(status: number, answer: string): Promise<string[]> {
  const receivers: { close(): Promise<void> }[] = [];
  try {
    return await firingAfter({
      happens: async ({ sandbox, provider }) => {
        receivers.push(await receiveWith(status, provider));
        await dispenseThrice(provider);
        await attempted(sandbox, answer, 6);
      },
      options: { worker: true },
    });
  } finally {
    for (const receiver of receivers) await receiver.close();
  }
}

/** What provokes each alert. */
const provocations: Readonly<Record<string, () => Promise<string[]>>> = {
  OsiguTokenFailures: () =>
    firingAfter({
      before: ({ sandbox, provider }) => wrongSecret(sandbox, provider),
      happens: ({ sandbox, provider }) => repeat(6, () => wrongSecret(sandbox, provider)),
    }),
  OsiguExpiredTokens: () =>
    firingAfter({
      happens: async ({ provider }) => {
        later(61 * minutes);
        await repeat(12, () => readSponsors(provider));
      },
    }),
  OsiguWebhookClientErrors: () => withReceiver(400, '4xx'),
  OsiguWebhookServerErrors: () => withReceiver(503, '5xx'),
  OsiguDeliveriesAbandoned: () =>
    firingAfter({
      happens: async ({ provider }) => {
        await subscribe(provider, 1);
        await dispense(provider);
        await provider.advance(73 * 3_600);
      },
    }),
  OsiguServerErrors: () =>
    firingAfter({
      before: async ({ sandbox, provider }) => {
        await sql`alter table dispensations rename to gone`.execute(sandbox.sandbox.units.store.db);
        await readDispensations(provider);
      },
      happens: ({ provider }) => repeat(6, () => readDispensations(provider)),
    }),
  OsiguSlowCalls: () =>
    firingAfter({
      before: ({ provider }) => readSponsors(provider),
      happens: async ({ provider }) => {
        eachLook = 2_000;
        await repeat(20, () => readSponsors(provider));
      },
    }),
  OsiguRequestLogLosing: () =>
    firingAfter({
      happens: ({ provider }) =>
        Promise.all(
          Array.from({ length: 12 }, (_, i) => provider.call('GET', `/arc/v1/authorizations/${i}`)),
        ),
      options: { requestLog: { waiting: { calls: 5, bytes: 1_000_000 } } },
    }),
  OsiguDatabaseUnreachable: () =>
    firingAfter({
      happens: async ({ sandbox }) => {
        await sandbox.sandbox.units.store.close();
        later(10_000);
      },
    }),
  OsiguInstanceDown: () => firingAfter({ happens: ({ sandbox }) => sandbox.sandbox.app.close() }),
  OsiguPipelineStalled: () =>
    firingAfter({
      happens: async ({ provider }) => {
        const id = await initiate(provider, { sponsor_slug: 'sponsor-sandbox-async' });
        await provider.call('POST', `/arc/v1/authorization-requests/${id}/complete`);
        later(5 * minutes);
      },
    }),
  OsiguEventsUndelivered: () =>
    firingAfter({
      happens: async ({ provider }) => {
        await subscribe(provider, 1);
        await dispense(provider);
        later(20 * minutes);
      },
    }),
};

/** What fires with it: without a worker, an event that nobody delivers is late as due work too. */
const companions: Readonly<Record<string, readonly string[]>> = {
  OsiguEventsUndelivered: ['OsiguPipelineStalled'],
  OsiguDeliveriesAbandoned: ['OsiguWebhookServerErrors'],
};

describe('every alert fires when its condition is provoked, and no other does', () => {
  for (const { alert } of alertRules()) {
    test(alert, async () => {
      const provoke = provocations[alert];
      if (provoke === undefined) throw new Error('Nothing provokes this alert');
      expect((await provoke()).sort()).toEqual([alert, ...(companions[alert] ?? [])].sort());
    });
  }

  test('no answer of a receiver counts like a 5xx', async () => {
    const fired = await firingAfter({
      happens: async ({ sandbox, provider }) => {
        await subscribe(provider, 1);
        await dispenseThrice(provider);
        await attempted(sandbox, 'none', 6);
      },
      options: { worker: true },
    });
    expect(fired).toEqual(['OsiguWebhookServerErrors']);
  });
});

describe('no alert fires', () => {
  test('where all is well, a refused token call included', async () => {
    const sandbox = await startSandbox({ worker: true });
    const page = () => sandbox.call('GET', '/metrics');
    try {
      const provider = await sandbox.provider();
      const receiver = await receiveWith(204, provider);
      const before = await scrape(0, page);
      expect(firing([before])).toEqual([]);
      await dispenseThrice(provider);
      await repeat(20, () => readSponsors(provider));
      await wrongSecret(sandbox, provider);
      await attempted(sandbox, '2xx', 6);
      expect(firing([before, await scrape(60, page)])).toEqual([]);
      await receiver.close();
    } finally {
      await sandbox.stop();
    }
  });

  test('for what is made to fail on purpose', async () => {
    const fired = await firingAfter({
      before: ({ provider }) => readSponsors(provider),
      happens: async ({ sandbox, provider }) => {
        const plan = { routes: [{ path: '/v1/sponsors', status: 503 }] };
        const set = await sandbox.operator('PUT', `/_sandbox/v1/providers/${provider.slug}/faults`, plan);
        expect(set.status).toBe(200);
        const answers = await Promise.all(Array.from({ length: 20 }, () => readSponsors(provider)));
        expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 503));
      },
    });
    expect(fired).toEqual([]);
  });

  test('for events of a provider whose clock was moved ahead', async () => {
    const fired = await firingAfter({
      happens: async ({ provider }) => {
        await provider.advance(30 * 24 * 3_600);
        await subscribe(provider, 1);
        await dispense(provider);
        await provider.advance(2 * 3_600);
      },
    });
    expect(fired).not.toContain('OsiguPipelineStalled');
    expect(fired).not.toContain('OsiguEventsUndelivered');
  });
});
