import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './client.ts';
import { requestOf, requests } from './flow.ts';
import { repeat } from './load.ts';
import { type Figure, median } from './report.ts';
import { clientOf, type Provider, startSandbox } from './sandbox.ts';
import { inWorkplace } from './workplace.ts';

const rows = 10_000;
const day = 86_400_000;
const days = 30;

/** Approvals that end one after the other over a month of a provider's clock, in one advance; then a reset. */
export function clock(): Promise<readonly Figure[]> {
  return inWorkplace(async ({ directory, using }) => {
    const sandbox = using(await startSandbox(directory));
    const provider = await sandbox.provider('clinic-bench');
    const client = using(clientOf(sandbox, provider));
    const control = `/_sandbox/v1/providers/${provider.slug}`;
    const fresh = await resetTimes(client, control);

    const renewed = { ...provider, beneficiary_id: await beneficiaryOf(client) };
    const from = Date.now() + 60_000;
    await repeat(rows, 32, (index) => approve(client, renewed, from + (index * (days - 1) * day) / rows));
    const began = performance.now();
    const { fired } = (await client.call('POST', `${control}/clock/advance`, {
      seconds: (days * day) / 1_000,
    })) as { fired: number };
    const seconds = (performance.now() - began) / 1_000;
    await sleep(100);
    const full = await timed(() => client.call('POST', `${control}/reset`));
    return [
      { name: `${rows} due rows over ${days} days`, value: seconds, unit: 's', aim: 'below 2' },
      { name: 'rows that fired', value: fired, unit: '', mustBe: rows },
      { name: 'reset of a fresh provider', value: median(fresh), unit: 'ms', aim: 'below 50' },
      { name: `reset of one with ${rows} approvals`, value: full, unit: 'ms' },
    ];
  });
}

/** An approval that is valid until `moment`, by a sponsor that wants no document. */
async function approve(client: Client, provider: Provider, moment: number): Promise<void> {
  const body = requestOf(provider.beneficiary_id, 'sponsor-sandbox-do');
  const { authorization_request_id } = (await client.call('POST', requests, body)) as {
    authorization_request_id: string;
  };
  const { authorizations } = (await client.call(
    'POST',
    `${requests}/${authorization_request_id}/complete`,
  )) as { authorizations: { authorization_id: string }[] };
  const id = authorizations[0]?.authorization_id;
  await client.call('POST', `/_sandbox/v1/authorizations/${id}/update`, {
    expires_at: new Date(Math.round(moment)).toISOString(),
  });
}

/** A reset gives everybody a new id. */
async function beneficiaryOf(client: Client): Promise<string> {
  const found = await client.call('POST', '/v1/sponsors/sponsor-sandbox/search', {
    document_type: 'CC',
    document_number: '1000000001',
  });
  return (found as { beneficiary_id: string }).beneficiary_id;
}

async function resetTimes(client: Client, control: string): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < 10; index += 1) {
    times.push(await timed(() => client.call('POST', `${control}/reset`)));
  }
  return times;
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return performance.now() - began;
}
