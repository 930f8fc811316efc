import type { Client } from './client.ts';
import { requestOf, requests } from './flow.ts';
import { repeat } from './load.ts';
import { type Figure, median } from './report.ts';
import { clientOf, type Provider, startSandbox } from './sandbox.ts';
import { inWorkplace } from './workplace.ts';

const approvals = 10_000;

/** A provider as a test suite has it before every case, and one that holds a lot: kept and brought back. */
export function snapshots(): Promise<readonly Figure[]> {
  return inWorkplace(async ({ directory, using }) => {
    const sandbox = using(await startSandbox(directory));
    const small = await sandbox.provider('clinic-small');
    const fresh = await measure(using(clientOf(sandbox, small, 1)), small, 50);

    const large = await sandbox.provider('clinic-large');
    const client = using(clientOf(sandbox, large));
    await repeat(approvals, 32, () => approve(client, large));
    const full = await measure(client, large, 5);
    const { page } = (await client.call('GET', `${requests}?size=1`)) as { page: { total_elements: number } };
    return [
      { name: 'snapshot of a fresh provider', value: fresh.snapshot, unit: 'ms', aim: 'below 20' },
      { name: 'restore of it', value: fresh.restore, unit: 'ms', aim: 'below 20' },
      { name: `snapshot of one with ${approvals} approvals`, value: full.snapshot, unit: 'ms' },
      { name: 'restore of it', value: full.restore, unit: 'ms' },
      { name: 'rows in it', value: full.rows, unit: '' },
      { name: 'its size, compressed', value: full.bytes / 1_048_576, unit: 'MB' },
      { name: 'approvals after the last restore', value: page.total_elements, unit: '', mustBe: approvals },
    ];
  });
}

/** Medians over HTTP, each time with something to take away. */
async function measure(client: Client, provider: Provider, times: number) {
  const control = `/_sandbox/v1/providers/${provider.slug}`;
  const kept: number[] = [];
  const restored: number[] = [];
  let taken = { rows: 0, bytes: 0 };
  for (let index = 0; index < times; index += 1) {
    kept.push(
      await timed(async () => {
        taken = (await client.call('POST', `${control}/snapshots`, { name: 'base' })) as typeof taken;
      }),
    );
    await approve(client, provider);
    restored.push(await timed(() => client.call('POST', `${control}/restore`, { name: 'base' })));
  }
  return { ...taken, snapshot: median(kept), restore: median(restored) };
}

/** By a sponsor that wants no document. */
async function approve(client: Client, { beneficiary_id }: Provider): Promise<void> {
  const body = requestOf(beneficiary_id, 'sponsor-sandbox-do');
  const { authorization_request_id } = (await client.call('POST', requests, body)) as {
    authorization_request_id: string;
  };
  await client.call('POST', `${requests}/${authorization_request_id}/complete`);
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return performance.now() - began;
}
