import fc from 'fast-check';
import { inject, test } from 'vitest';
import type { TestSandbox } from '../harness.ts';
import type { Action, Actions } from './actions/action.ts';
import { expectAgreement } from './agreement.ts';
import { newBench } from './bench.ts';

/**
 * A run that once failed or is worth keeping; `path` leads to one sequence of the seed. What a seed stands for changes
 * with the list of actions: then look for new ones.
 */
export interface SavedSeed {
  readonly seed: number;
  readonly path?: string;
  readonly why: string;
}

export interface Runs {
  readonly sandbox: () => TestSandbox;
  /** Each with its weight. */
  readonly actions: readonly (readonly [weight: number, Actions])[];
  /** At most. */
  readonly steps: number;
  readonly runs: number;
  readonly saved: readonly SavedSeed[];
}

const seed = Number(process.env.FAST_CHECK_SEED ?? 20_260_117);
/** On a machine that is busy: fewer runs rather than a late answer. A failure that was found is told all the same. */
const interruptAfterTimeLimit = 20_000;

/** Random sequences of calls, the saved ones first; a failure names its seed and its path. */
export function testAgainstModel(name: string, { sandbox, actions, steps, runs, saved }: Runs): void {
  const weighted = actions.map(([weight, arbitrary]) => ({ weight, arbitrary }));
  // Without the bias to small values: there is no edge in a number that only chooses.
  const sequences = fc.noBias(
    fc.array(fc.oneof(...weighted), { minLength: 1, maxLength: steps, size: 'max' }),
  );
  const agrees = fc.asyncProperty(sequences, (sequence) => perform(sandbox(), sequence));
  // A call costs PostgreSQL several times what it costs SQLite.
  const numRuns = inject('dialect') === 'sqlite' ? Math.ceil(1.5 * runs) : Math.ceil(0.6 * runs);
  const timeout = 3 * interruptAfterTimeLimit;

  test.each(saved)(`${name}: seed $seed, $why`, { timeout }, ({ why, ...parameters }) =>
    fc.assert(agrees, { ...parameters, numRuns: 1, interruptAfterTimeLimit }),
  );
  test(`${name}: random sequences`, { timeout }, () =>
    fc.assert(agrees, { seed, numRuns, interruptAfterTimeLimit }),
  );
}

async function perform(sandbox: TestSandbox, sequence: readonly Action[]): Promise<void> {
  const bench = await newBench(sandbox);
  for (const action of sequence) {
    await action.run(bench);
    await expectAgreement(bench);
  }
}
