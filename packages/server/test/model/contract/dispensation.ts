import * as authorizations from './authorization.ts';
import { bear, type Claim } from './claim.ts';
import { available, fatesOf, giveBack, hold, remaining, type Taken, type Wanted } from './code.ts';
import * as prescriptions from './prescription.ts';
import type { Person } from './sponsors.ts';
import { minutes, type Site, type Verdict, type World } from './world.ts';

/** Contract section 9. */
export interface Dispensation {
  id: string;
  readonly site: Site;
  readonly source: Source;
  wanted: readonly Wanted[];
  taken: readonly Taken[];
  status: 'STARTED' | 'COMPLETED' | 'CANCELLED';
  cancelled_by: 'PHARMACY' | 'TIMEOUT' | null;
  claim: Claim | undefined;
  readonly times_out_at: number;
}

export type Source = authorizations.Authorization | prescriptions.Prescription;

const standing = (source: Source) =>
  source.kind === 'AUTHORIZATION' ? authorizations.standing(source) : prescriptions.standing(source);

export interface Start {
  readonly person: Person | undefined;
  /** Undefined: all that is left. */
  readonly products: readonly Wanted[] | undefined;
}

export function start(world: World, site: Site, source: Source, { person, products }: Start): Verdict {
  if (source.kind === 'AUTHORIZATION') {
    if (!authorizations.mayRedeem(source, site)) return '071-404-code';
    if (person !== undefined && person !== source.person) return '071-422-beneficiary-mismatch';
    if (person === undefined) return '071-422-validation';
  }
  const verdict = judge(source, products);
  if (verdict !== 'done') return verdict;
  const wanted = products ?? allThatIsFree(source);
  world.dispensations.push({
    id: '',
    site,
    source,
    wanted,
    taken: hold(source.lines, wanted),
    status: 'STARTED',
    cancelled_by: null,
    claim: undefined,
    times_out_at: site.now + 30 * minutes,
  });
  return 'done';
}

/** Mistakes of the call first (422), then the state of the code, then who else has it (409). */
function judge(source: Source, products: readonly Wanted[] | undefined): Verdict {
  const { lines } = source;
  const allGone = lines.every((line) => remaining(line) === 0);
  const fates = fatesOf(lines, products ?? []);
  // More than remains is a mistake, except where nothing remains: the counter has to hear that.
  if (!allGone && fates.some((fate) => fate !== 'free' && fate !== 'held')) return '071-422-validation';
  const verdict = standing(source);
  if (verdict !== 'done') return verdict;
  if (allGone) return '071-409-already-dispensed';
  const nothingFree = products === undefined && lines.every((line) => available(line) === 0);
  return nothingFree || fates.includes('held') ? '071-409-dispensation-in-progress' : 'done';
}

function allThatIsFree({ lines }: Source): Wanted[] {
  return lines
    .filter((line) => available(line) > 0)
    .map((line) => ({ product_code: line.product_code, quantity: available(line) }));
}

/** PUT: what it holds counts as free. When it cannot be done the former lines stay. */
export function replace(dispensation: Dispensation, site: Site, products: readonly Wanted[]): Verdict {
  if (dispensation.site !== site) return '071-404-dispensation';
  if (dispensation.status !== 'STARTED') return '071-409-dispensation-closed';
  const { source, wanted } = dispensation;
  giveBack(dispensation.taken);
  const verdict = judge(source, products);
  dispensation.wanted = verdict === 'done' ? products : wanted;
  if (verdict === 'done') dispensation.taken = hold(source.lines, products);
  else for (const { line, quantity } of dispensation.taken) line.held += quantity;
  return verdict;
}

/** What was held stays good, whatever became of the code. */
export function complete(
  world: World,
  dispensation: Dispensation,
  site: Site,
  amount: 'none' | 'right' | 'wrong',
): Verdict {
  if (dispensation.site !== site) return '071-404-dispensation';
  if (amount === 'wrong') return '071-422-amount-mismatch';
  if (dispensation.status !== 'STARTED') return '071-409-dispensation-closed';
  const { source, taken } = dispensation;
  dispensation.status = 'COMPLETED';
  if (source.kind === 'PRESCRIPTION') prescriptions.dispense(source, taken);
  else {
    authorizations.redeem(source, taken);
    dispensation.claim = bear(world, dispensation, source);
  }
  return 'done';
}

export function voidDispensation(dispensation: Dispensation, site: Site): Verdict {
  if (dispensation.site !== site) return '071-404-dispensation';
  if (dispensation.status !== 'STARTED') return '071-409-dispensation-closed';
  cancelBy(dispensation, 'PHARMACY');
  return 'done';
}

export function cancelBy(dispensation: Dispensation, by: 'PHARMACY' | 'TIMEOUT'): void {
  dispensation.status = 'CANCELLED';
  dispensation.cancelled_by = by;
  giveBack(dispensation.taken);
}

export function timeoutOf({ status, times_out_at }: Dispensation): number | null {
  return status === 'STARTED' ? times_out_at : null;
}
