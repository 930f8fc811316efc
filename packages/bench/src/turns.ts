import type { Client } from './client.ts';
import { type Call, type Load, load } from './load.ts';
import { median, quantile } from './report.ts';

/** One of several that are compared. */
export interface Contender {
  readonly client: Client;
  /** Used so far by all that serve it, ms. */
  processorTime(): number;
}

export interface Taken {
  readonly callsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor time for one call, µs. */
  readonly microseconds: number;
  readonly errors: readonly string[];
}

export interface Turns {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly workers: number;
}

/**
 * Turn and turn about in one run, each round in the other direction, so that whatever else the machine does falls on
 * all; medians over the rounds.
 */
export async function takeTurns(
  contenders: readonly Contender[],
  { rounds, seconds, warmup, workers }: Turns,
  workOf: (index: number) => (call: Call) => Promise<void>,
): Promise<readonly Taken[]> {
  const taken: Round[][] = contenders.map(() => []);
  const turn = async (index: number, duration: number): Promise<Round | undefined> => {
    const contender = contenders[index];
    if (contender === undefined) return undefined;
    const before = contender.processorTime();
    const round = await load(contender.client, { workers, seconds: duration }, workOf(index));
    return { ...round, microseconds: ((contender.processorTime() - before) * 1_000) / round.calls };
  };
  const order = contenders.map((_, index) => index);
  if (warmup > 0) for (const index of order) await turn(index, warmup);
  for (let count = 0; count < rounds; count += 1) {
    for (const index of order) {
      const round = await turn(index, seconds);
      if (round !== undefined) taken[index]?.push(round);
    }
    order.reverse();
  }
  return taken.map(summary);
}

interface Round extends Load {
  readonly microseconds: number;
}

function summary(rounds: readonly Round[]): Taken {
  const errors = rounds.flatMap((round) => round.errors);
  for (const error of errors.slice(0, 3)) console.error(error);
  return {
    callsPerSecond: median(rounds.map((round) => round.callsPerSecond)),
    p50: median(rounds.map(({ latencies }) => quantile(latencies, 0.5))),
    p99: median(rounds.map(({ latencies }) => quantile(latencies, 0.99))),
    microseconds: median(rounds.map((round) => round.microseconds)),
    errors,
  };
}
