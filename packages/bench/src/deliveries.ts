import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Client } from './client.ts';
import { repeat } from './load.ts';
import { startReceiver } from './receiver.ts';
import { type Figure, median } from './report.ts';
import { clientOf, startSandbox } from './sandbox.ts';
import { inWorkplace } from './workplace.ts';

const count = 6_000;
/** By then all that was kept has been planned anew, which is the work of the resumption. */
const begun = 1_000;
const measured = count - begun;
const warmUps = 4;
const rounds = 5;

/**
 * Deliveries that were kept while their subscription was paused, from the thousandth arrival after its resumption to the last; against a
 * process that signs and posts the same bodies over as many connections and keeps nothing.
 */
export function deliveries(): Promise<readonly Figure[]> {
  return inWorkplace(async ({ directory, using }) => {
    const receiver = using(await startReceiver());
    const sandbox = using(await startSandbox(directory));
    const client = using(clientOf(sandbox, await sandbox.provider('clinic-bench')));
    const { subscription_id } = (await client.call('POST', '/webhooks/v1/subscriptions', {
      url: receiver.url,
      event_types: ['*'],
    })) as { subscription_id: string };
    const subscription = `/webhooks/v1/subscriptions/${subscription_id}`;

    const kept: Sent[] = [];
    const raw: Sent[] = [];
    for (let round = 1; round <= warmUps + rounds; round += 1) {
      await client.call('POST', `${subscription}/pause`);
      await repeat(count, 32, () => client.call('POST', `${subscription}/test`));
      await client.call('POST', `${subscription}/resume`);
      await receiver.until(count * (round - 1) + begun);
      const used = sandbox.child.processorTime();
      const began = performance.now();
      await receiver.until(count * round);
      const milliseconds = performance.now() - began;
      if (round <= warmUps) continue;
      kept.push({ milliseconds, processorTime: sandbox.child.processorTime() - used });
      raw.push(await sendRaw(receiver.url, await bodiesOf(client)));
    }
    const ratioOf = (measure: keyof Sent) =>
      median(kept.map((sent, index) => (raw[index]?.[measure] ?? Number.NaN) / sent[measure]));
    const rateOf = (all: readonly Sent[]) =>
      median(all.map(({ milliseconds }) => (measured * 1_000) / milliseconds));
    return [
      { name: 'sandbox', value: rateOf(kept), unit: '/s' },
      { name: 'raw sender', value: rateOf(raw), unit: '/s' },
      { name: 'ratio', value: ratioOf('milliseconds'), unit: '', aim: '0.6' },
      { name: 'ratio of processor time', value: ratioOf('processorTime'), unit: '' },
    ];
  });
}

/** What so many deliveries took. */
export interface Sent {
  readonly milliseconds: number;
  /** Of the process that sent them, ms. */
  readonly processorTime: number;
}

/** A hundred of the envelopes that were delivered. */
async function bodiesOf(client: Client): Promise<string[]> {
  const { content } = (await client.call('GET', '/webhooks/v1/events?size=100')) as { content: unknown[] };
  return content.map((envelope) => JSON.stringify(envelope));
}

export interface RawJob {
  readonly url: string;
  readonly bodies: readonly string[];
  readonly count: number;
  /** So many before those that are measured. */
  readonly warmUp: number;
}

async function sendRaw(url: string, bodies: readonly string[]): Promise<Sent> {
  const child = fork(new URL('./raw-sender.ts', import.meta.url));
  child.send({ url, bodies, count: measured, warmUp: warmUps * count } satisfies RawJob);
  const [sent] = (await once(child, 'message')) as [Sent];
  await once(child, 'exit');
  return sent;
}
