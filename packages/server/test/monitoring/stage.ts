import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parse } from 'yaml';
import { startSandbox, type TestProvider, type TestSandbox } from '../harness.ts';
import { until } from '../process/process-harness.ts';
import { evaluate } from './evaluate.ts';
import { type Sample, type Scrape, samplesOf, scrape } from './metrics-page.ts';

export const deployDir = join(import.meta.dirname, '../../../../deploy');

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
}

export function alertRules(): Rule[] {
  const text = readFileSync(join(deployDir, 'prometheus/alerts.yml'), 'utf8');
  const { groups } = parse(text) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** Which alerts' conditions hold at the last of the scrapes. */
export function firing(scrapes: readonly Scrape[]): string[] {
  return alertRules()
    .filter(({ expr }) => evaluate(expr, scrapes).length > 0)
    .map(({ alert }) => alert);
}

interface Stage {
  readonly sandbox: TestSandbox;
  readonly provider: TestProvider;
}

interface Scene {
  /** Before the first look: Prometheus sees no increase of a series that comes with its first value. */
  readonly before?: (stage: Stage) => Promise<unknown>;
  readonly happens: (stage: Stage) => Promise<unknown>;
  readonly options?: Parameters<typeof startSandbox>[0];
}

/** A sandbox of its own, looked at before and after something happens to it: a minute apart, to the rules. */
export async function firingAfter({ before, happens, options }: Scene): Promise<string[]> {
  const sandbox = await startSandbox(options);
  try {
    const stage = { sandbox, provider: await sandbox.provider() };
    const page = () => sandbox.call('GET', '/metrics');
    await before?.(stage);
    const first = await scrape(0, page);
    await happens(stage);
    return firing([first, await scrape(60, page)]);
  } finally {
    await sandbox.stop();
  }
}

export async function repeat(times: number, action: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < times; i += 1) await action();
}

/** Subscribes the provider to everything with a receiver that answers so and nothing else. */
export async function receiveWith(
  status: number,
  provider: TestProvider,
): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await subscribe(provider, (server.address() as AddressInfo).port);
  return {
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export async function subscribe(provider: TestProvider, port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}/events`;
  const { status } = await provider.call('POST', '/webhooks/v1/subscriptions', { url, event_types: ['*'] });
  if (status !== 201) throw new Error(`Subscribing answers ${status}`);
}

/** Waits until the page shows so many attempts with such an answer. */
export async function attempted(sandbox: TestSandbox, answer: string, times: number): Promise<void> {
  await until(`${times} attempts answered ${answer}`, async () => {
    const samples = samplesOf((await sandbox.call('GET', '/metrics')).text);
    return sum(samples.filter(({ name, labels }) => name === attempts && labels.answer === answer)) >= times;
  });
}

const attempts = 'osigu_webhook_attempts_total';
const sum = (samples: readonly Sample[]) => samples.reduce((total, { value }) => total + value, 0);
