import { fault } from '../../../platform/errors.ts';
import type { Executor } from '../../../store/statement.ts';
import type { PlannedLine } from '../lines/store.ts';
import { giveBackQuantity, holdQuantity, redeemQuantity, releaseQuantity } from './store.ts';

type Taken = Pick<PlannedLine, 'source_line' | 'quantity'>;

/** Takes what an open dispensation wants; whoever comes second for the same finds it held. */
export async function hold(db: Executor, authorization_id: string, lines: readonly Taken[]): Promise<void> {
  for (const { source_line: line, quantity } of lines) {
    if ((await holdQuantity(db, { authorization_id, line, quantity })) === 0) {
      throw fault('071-409-dispensation-in-progress');
    }
  }
}

/** The dispensation was cancelled or takes something else. */
export async function giveBack(
  db: Executor,
  authorization_id: string,
  lines: readonly Taken[],
): Promise<void> {
  for (const { source_line: line, quantity } of lines) {
    await giveBackQuantity(db, { authorization_id, line, quantity });
  }
}

/** What was held has been handed over. */
export async function redeem(db: Executor, authorization_id: string, lines: readonly Taken[]): Promise<void> {
  for (const { source_line: line, quantity } of lines) {
    await redeemQuantity(db, { authorization_id, line, quantity });
  }
}

/** What was redeemed is free again: its claim was voided. Answers of how many lines. */
export async function release(
  db: Executor,
  authorization_id: string,
  lines: readonly Taken[],
): Promise<number> {
  let released = 0;
  for (const { source_line: line, quantity } of lines) {
    released += await releaseQuantity(db, { authorization_id, line, quantity });
  }
  return released;
}
