import { type Store, TryAgain } from './store.ts';

/**
 * Positive integers, unique per entity kind, for the reference surface (contract section 2). Each process takes
 * them in blocks, so that no two transactions ever wait for each other over a number.
 */
export type NumberedKind =
  | 'provider'
  | 'beneficiary'
  | 'authorization_request'
  | 'file'
  | 'authorization'
  | 'otp'
  | 'biometric_reading'
  /** Dispensations and claims draw from one sequence (O). */
  | 'dispensation_or_claim';

export interface Numbers {
  /** Fills the blocks that run low. To be awaited before a transaction, never inside one. */
  ensure(): Promise<void> | undefined;
  /** Throws `TryAgain` when the block is used up; the transaction then starts over after `ensure`. */
  next(kind: NumberedKind): number;
}

interface Block {
  next: number;
  end: number;
}

const blockSize = 1_000;
const lowWater = 100;
const firstNumber = 100_001;

export function createNumbers(store: Store): Numbers {
  const blocks = new Map<NumberedKind, Block>();

  async function refill(): Promise<void> {
    for (const [kind, block] of blocks) {
      if (block.end - block.next < lowWater) blocks.set(kind, await fetchBlock(store, kind));
    }
  }

  return {
    ensure: () => {
      for (const block of blocks.values()) if (block.end - block.next < lowWater) return refill();
      return undefined;
    },
    next: (kind) => {
      const block = blocks.get(kind);
      if (block === undefined || block.next === block.end) {
        blocks.set(kind, { next: 0, end: 0 });
        throw new TryAgain(`No ${kind} numbers at hand`);
      }
      const number = block.next;
      block.next += 1;
      return number;
    },
  };
}

async function fetchBlock(store: Store, kind: NumberedKind): Promise<Block> {
  const next = await reserveNumbers(store, kind, blockSize);
  return { next, end: next + blockSize };
}

/** So many in a row, which nobody else will ever get. Answers the first; to be called outside of transactions. */
export async function reserveNumbers(store: Store, kind: NumberedKind, count: number): Promise<number> {
  const row = await store.db
    .insertInto('number_blocks')
    .values({ kind, next_number: firstNumber + count })
    .onConflict((conflict) =>
      conflict
        .column('kind')
        .doUpdateSet((eb) => ({ next_number: eb('number_blocks.next_number', '+', count) })),
    )
    .returning('next_number')
    .executeTakeFirstOrThrow();
  return row.next_number - count;
}
