import { realNow } from '../platform/time.ts';
import { claimAhead, leaseMilliseconds } from './claim.ts';
import { type DueWork, postponeDueWork, selectEarlier } from './due-work.ts';
import { leaseMargin } from './lanes.ts';
import type { UnitsOfWork } from './unit-of-work.ts';

/** What a provider's clock meets on its way to a moment, claimed many rows ahead. */
export interface Ahead {
  /** Claimed, in the order in which it is to run: the next first. None: nothing free is left up to the moment. */
  look(): Promise<readonly DueWork[]>;
  /** The first `count` have been dealt with. */
  passed(count: number): void;
  /** What was claimed and did not run is free again. */
  giveBack(): Promise<void>;
}

const batchSize = 100;

/** `isLate`: of one moment, those run after the others. */
export function lookAhead(
  { store }: UnitsOfWork,
  provider_id: string,
  target: number,
  isLate: (work: DueWork) => boolean,
): Ahead {
  let claimed: readonly DueWork[] = [];
  let leasedUntil = 0;

  async function claim(until: number): Promise<readonly DueWork[]> {
    const lease = realNow() + leaseMilliseconds;
    const rows = await claimAhead(store, provider_id, until, batchSize);
    leasedUntil = claimed.length === 0 ? lease : Math.min(lease, leasedUntil);
    return rows.sort((a, b) => a.due_at - b.due_at || Number(isLate(a)) - Number(isLate(b)));
  }

  async function giveBack(): Promise<void> {
    for (const { work_id } of claimed) await postponeDueWork(store.db, { work_id, lease_until_real: 0 });
    claimed = [];
  }

  return {
    look: async () => {
      if (leasedUntil - realNow() < leaseMargin) await giveBack();
      const [next] = claimed;
      if (next === undefined) {
        claimed = await claim(target);
        return claimed;
      }
      // What has run may have caused something that comes before what was claimed.
      const { due_at } = next;
      const [earlier] = await selectEarlier(store.db, { provider_id, due_at, now: realNow() });
      if (earlier !== undefined) claimed = [...(await claim(due_at - 1)), ...claimed];
      return claimed;
    },
    passed: (count) => {
      claimed = claimed.slice(count);
    },
    giveBack,
  };
}
