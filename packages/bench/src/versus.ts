import type { Child } from './child.ts';
import { type Client, createClient } from './client.ts';
import { type Call, type Load, load } from './load.ts';
import { type Figure, median, quantile } from './report.ts';

/** One of the two that are compared. */
export interface Side {
  readonly client: Client;
  readonly child: Child;
}

export interface Comparison {
  readonly sandbox: Measured;
  readonly bare: Measured;
  readonly ratio: number;
}

interface Measured {
  readonly callsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the server's process for one call, µs. */
  readonly microseconds: number;
  readonly errors: number;
}

const rounds = 5;
const seconds = 4;
const warmup = 3;
const connections = 32;

/** Turn and turn about in one run, so that whatever else the machine does falls on both; medians over the rounds. */
export async function versus(
  sandbox: Side,
  bare: Side,
  work: (call: Call) => Promise<void>,
): Promise<Comparison> {
  for (const { client } of [sandbox, bare])
    await load(client, { workers: connections, seconds: warmup }, work);
  const taken: Record<'sandbox' | 'bare', Round[]> = { sandbox: [], bare: [] };
  for (let round = 0; round < rounds; round += 1) {
    taken.bare.push(await measure(bare, work));
    taken.sandbox.push(await measure(sandbox, work));
  }
  const ratios = taken.sandbox.map(
    (round, index) => round.callsPerSecond / (taken.bare[index]?.callsPerSecond ?? Number.NaN),
  );
  return { sandbox: summary(taken.sandbox), bare: summary(taken.bare), ratio: median(ratios) };
}

interface Round extends Load {
  readonly microseconds: number;
}

async function measure({ client, child }: Side, work: (call: Call) => Promise<void>): Promise<Round> {
  const before = child.processorTime();
  const round = await load(client, { workers: connections, seconds }, work);
  return { ...round, microseconds: ((child.processorTime() - before) * 1_000) / round.calls };
}

function summary(rounds: readonly Round[]): Measured {
  for (const error of rounds.flatMap((round) => round.errors).slice(0, 3)) console.error(error);
  return {
    callsPerSecond: median(rounds.map((round) => round.callsPerSecond)),
    p50: median(rounds.map(({ latencies }) => quantile(latencies, 0.5))),
    p99: median(rounds.map(({ latencies }) => quantile(latencies, 0.99))),
    microseconds: median(rounds.map((round) => round.microseconds)),
    errors: rounds.reduce((sum, round) => sum + round.errors.length, 0),
  };
}

export function figuresOf({ sandbox, bare, ratio }: Comparison, aim: string): Figure[] {
  return [
    { name: 'sandbox', value: sandbox.callsPerSecond, unit: '/s' },
    { name: 'bare Fastify', value: bare.callsPerSecond, unit: '/s' },
    { name: 'ratio', value: ratio, unit: '', aim },
    { name: 'ratio of processor time per call', value: bare.microseconds / sandbox.microseconds, unit: '' },
    { name: 'sandbox p50', value: sandbox.p50, unit: 'ms' },
    { name: 'sandbox p99', value: sandbox.p99, unit: 'ms', aim: 'below 25' },
    { name: 'bare p50', value: bare.p50, unit: 'ms' },
    { name: 'bare p99', value: bare.p99, unit: 'ms' },
    { name: 'errors', value: sandbox.errors + bare.errors, unit: '', mustBe: 0 },
  ];
}

export function sideOf(url: string, child: Child, token: string): Side {
  return { child, client: createClient(url, { authorization: `Bearer ${token}`, connections }) };
}
