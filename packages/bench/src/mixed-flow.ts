import { join } from 'node:path';
import { startBare } from './bare.ts';
import { flow } from './flow.ts';
import { startReceiver } from './receiver.ts';
import { eventsIn } from './recorded.ts';
import { recording } from './recording.ts';
import type { Figure } from './report.ts';
import { startSandbox } from './sandbox.ts';
import { figuresOf, sideOf, versus } from './versus.ts';
import { inWorkplace } from './workplace.ts';

/** Six writing calls in a row, durable, with their events and a subscribed receiver, on 32 connections. */
export function mixedFlow(): Promise<readonly Figure[]> {
  return inWorkplace(async ({ directory, using }) => {
    const receiver = using(await startReceiver());
    const sandbox = using(await startSandbox(directory));
    const provider = await sandbox.provider('clinic-bench');
    const { client, child } = sideOf(sandbox.url, sandbox.child, provider.token);
    using(client);
    await client.call('POST', '/webhooks/v1/subscriptions', { url: receiver.url, event_types: ['*'] });

    const { call, answers } = recording((method, path, body) => client.call(method, path, body));
    await flow(call, provider);
    const bare = using(await startBare(directory, answers));
    const other = sideOf(bare.url, bare.child, provider.token);
    using(other.client);

    const comparison = await versus({ client, child }, other, (each) => flow(each, provider));
    const recorded = await eventsIn(join(directory, 'data', 'sandbox.sqlite'));
    await receiver.until(recorded).catch((error: unknown) => console.error(String(error)));
    return [
      ...figuresOf(comparison, '0.5'),
      { name: 'events recorded', value: recorded, unit: '' },
      { name: 'events not delivered', value: recorded - receiver.events.size, unit: '', mustBe: 0 },
    ];
  });
}
