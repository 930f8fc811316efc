import { afterEach, describe, expect, test, vi } from 'vitest';
import { dispense } from '../flows.ts';
import { startSandbox, type TestSandbox } from '../harness.ts';
import { samplesOf } from './metrics-page.ts';

let sandbox: TestSandbox | undefined;

async function start(options?: Parameters<typeof startSandbox>[0]): Promise<TestSandbox> {
  sandbox = await startSandbox(options);
  return sandbox;
}
afterEach(async () => {
  vi.restoreAllMocks();
  await sandbox?.stop();
});

async function valueOn(on: TestSandbox, name: string): Promise<number | undefined> {
  const page = samplesOf((await on.operator('GET', '/metrics')).text);
  return page.find((sample) => sample.name === name)?.value;
}

const undelivered = 'osigu_webhook_oldest_undelivered_age_seconds';

describe('the metrics page', () => {
  test('is open in the local profile', async () => {
    expect((await (await start()).call('GET', '/metrics')).status).toBe(200);
  });

  for (const profile of [{ hosted: true }, { environment: 'production' }] as const) {
    test(`wants the operator key with ${JSON.stringify(profile)}`, async () => {
      const own = await start(profile);
      for (const headers of [{}, { authorization: 'Bearer another_key_0123456789' }]) {
        const { status, body } = await own.call('GET', '/metrics', { headers });
        expect([status, body.code]).toEqual([401, '071-401']);
      }
      expect((await own.operator('GET', '/metrics')).status).toBe(200);
    });
  }

  test('says what the process is', async () => {
    const { text } = await (await start()).call('GET', '/metrics');
    expect(text).toMatch(
      /^osigu_process_info\{environment="sandbox",role="all",version="\d+\.\d+\.\d+"\} 1$/m,
    );
  });

  test('shows what the process counts when the database has gone, and no old number', async () => {
    const own = await start();
    await own.provider();
    await own.sandbox.units.store.close();
    const { status, text } = await own.call('GET', '/metrics');
    expect(status).toBe(200);
    expect(text).toMatch(/^osigu_database_up 0$/m);
    expect(text).toMatch(/^osigu_due_work_oldest_age_seconds nan$/im);
    expect(text).toMatch(/^osigu_http_request_duration_seconds_count\{.*route="\/v1\/oauth\/token".*\} 1$/m);
  });
});

describe('the oldest undelivered event', () => {
  test('is as old as in real time, and young again once it is delivered or kept for a pause', async () => {
    const own = await start();
    const provider = await own.provider();
    const url = 'http://127.0.0.1:1/events';
    const { body } = await provider.call('POST', '/webhooks/v1/subscriptions', { url, event_types: ['*'] });
    expect(await valueOn(own, undelivered)).toBe(0);
    await dispense(provider);
    const [now, elapsed] = [Date.now.bind(Date), performance.now.bind(performance)];
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 600_000);
    vi.spyOn(performance, 'now').mockImplementation(() => elapsed() + 600_000);
    const age = (await valueOn(own, undelivered)) ?? 0;
    expect(Math.abs(age - 600)).toBeLessThan(30);

    await provider.call('POST', `/webhooks/v1/subscriptions/${body.subscription_id}/pause`);
    await provider.advance(60);
    vi.spyOn(performance, 'now').mockImplementation(() => elapsed() + 700_000);
    expect(await valueOn(own, undelivered)).toBe(0);
  });
});
