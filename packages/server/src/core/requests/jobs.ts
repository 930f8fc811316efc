import { mergeBatches, packCalls } from './batch.ts';
import { findCall, listCalls, pickBodies } from './search.ts';

/** What is done in the thread of the log. */
const jobs = { packCalls, mergeBatches, listCalls, findCall, pickBodies };

export type Jobs = typeof jobs;
export type JobName = keyof Jobs;
export type JobInput<N extends JobName> = Parameters<Jobs[N]>[0];
export type JobResult<N extends JobName> = ReturnType<Jobs[N]>;

export interface Order {
  readonly name: JobName;
  readonly input: unknown;
}

export type Outcome = { readonly result: unknown } | { readonly error: unknown };

export function perform({ name, input }: Order): Outcome {
  try {
    return { result: (jobs[name] as (given: unknown) => unknown)(input) };
  } catch (error) {
    return { error };
  }
}
