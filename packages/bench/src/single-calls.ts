import { createClient } from './client.ts';
import { requestOf, requests } from './flow.ts';
import type { Grown } from './grown.ts';
import { median } from './report.ts';
import { clientOf, operatorKey, type Sandbox } from './sandbox.ts';

const rounds = 9;

/** What is asked seldom and could look at everything: medians of the times, for each of the sandboxes. */
export async function singleCalls(
  sandboxes: readonly Sandbox[],
  worlds: readonly Grown[],
): Promise<readonly (readonly [string, readonly number[]])[]> {
  const times = new Map<string, number[][]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, sandbox] of sandboxes.entries()) {
      const world = worlds[index];
      if (world === undefined) continue;
      for (const [what, time] of await measure(sandbox, world)) {
        const all = times.get(what) ?? sandboxes.map(() => []);
        all[index]?.push(time);
        times.set(what, all);
      }
    }
  }
  return [...times].map(([what, all]) => [what, all.map(median)]);
}

/** Of a provider that has hardly anything, in a database where others have much. */
async function measure(sandbox: Sandbox, { small }: Grown): Promise<readonly (readonly [string, number])[]> {
  const client = clientOf(sandbox, small, 1);
  const operator = createClient(sandbox.url, { authorization: `Bearer ${operatorKey}`, connections: 1 });
  const control = `/_sandbox/v1/providers/${small.slug}`;
  try {
    const { beneficiary_id } = (await client.call('POST', '/v1/sponsors/sponsor-sandbox/search', {
      document_type: 'CC',
      document_number: '1000000001',
    })) as { beneficiary_id: string };
    for (let index = 0; index < 10; index += 1) {
      const { authorization_request_id } = (await client.call(
        'POST',
        requests,
        requestOf(beneficiary_id, 'sponsor-sandbox-do'),
      )) as { authorization_request_id: string };
      await client.call('POST', `${requests}/${authorization_request_id}/complete`);
    }
    return [
      ['list of one with ten', await timed(() => client.call('GET', requests))],
      [
        'clock of one with ten',
        await timed(() => client.call('POST', `${control}/clock/advance`, { seconds: 40 * 86_400 })),
      ],
      ['reset of one with ten', await timed(() => client.call('POST', `${control}/reset`))],
      ['metrics', await timed(() => text(`${sandbox.url}/metrics`))],
      ['list of providers', await timed(() => operator.call('GET', '/_sandbox/v1/providers'))],
    ];
  } finally {
    await client.stop();
    await operator.stop();
  }
}

async function text(url: string): Promise<void> {
  const answer = await fetch(url);
  await answer.text();
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return performance.now() - began;
}
