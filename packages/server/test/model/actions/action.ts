import fc from 'fast-check';
import type { Bench } from '../bench.ts';
import type { Site, World } from '../contract/world.ts';

/** One random call, legal or not, against the server and the model. */
export interface Action {
  readonly run: (bench: Bench) => Promise<void>;
  /** How it reads in the report of a failure. */
  readonly toString: () => string;
}

export type Actions = fc.Arbitrary<Action>;

export function action<T>(
  name: string,
  args: fc.Arbitrary<T>,
  run: (bench: Bench, args: T) => Promise<void>,
): Actions {
  return args.map((value) => {
    const text = () => `${name} ${JSON.stringify(value)}`;
    return { run: (bench: Bench) => run(bench, value), toString: text, [fc.toStringMethod]: text };
  });
}

/**
 * Newest first, so that a shrunk sequence still speaks of what it has just made; undefined where there is none yet.
 * Three times of four one that is apt for the call, if there is one: else nearly all calls would be illegal.
 */
export function pick<T>(all: readonly T[], at: number, apt: (one: T) => boolean = () => true): T | undefined {
  const apts = isAny(at) ? [] : all.filter(apt);
  const from = apts.length > 0 ? apts : all;
  return from[from.length - 1 - (at % from.length)];
}

export const at = fc.nat(11);
/** Whether a call is for anything at all. */
const isAny = (at: number): boolean => at > 8;
export const siteAt = fc.constantFrom(0, 0, 0, 1);
/** Whether it is the other provider that calls. */
export const stranger = fc.constantFrom(...Array.from({ length: 19 }, () => false), true);

export function siteOf({ sites }: World, index: number): Site {
  const site = sites[index];
  if (site === undefined) throw new Error(`No provider ${index}`);
  return site;
}

export function callerOf({ sites }: World, home: Site, isStranger: boolean): Site {
  return sites.find((site) => (site === home) !== isStranger) ?? home;
}

export function last<T>(all: readonly T[]): T {
  const [newest] = all.slice(-1);
  if (newest === undefined) throw new Error('There is none');
  return newest;
}

/** Money goes over the wire in units. */
export const toWire = (minor: number): number => minor / 100;
