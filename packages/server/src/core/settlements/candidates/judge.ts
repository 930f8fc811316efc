import type { Issue } from '../../../platform/errors.ts';
import type { CandidateRow } from './store.ts';

/** Ids as a call names them: `path` is the member they came in. */
export interface Named {
  readonly path: 'authorization_ids' | 'claim_ids';
  readonly ids: readonly string[];
}

export interface Judgement {
  /** In the order in which they were named. */
  readonly claims: readonly CandidateRow[];
  /** 422. */
  readonly issues: readonly Issue[];
  /** 409: all that is named is in a live batch. */
  readonly conflicts: readonly Issue[];
}

export interface Circumstances {
  readonly slugs: readonly string[];
  readonly currency_code: string;
  readonly inLiveBatch: ReadonlySet<string>;
}

/** Each name is good, wrong (422) or too late (409); every one that is not good is told with its place. */
export function judge(
  { path, ids }: Named,
  candidates: readonly CandidateRow[],
  circumstances: Circumstances,
): Judgement {
  const claims: CandidateRow[] = [];
  const issues: Issue[] = [];
  const conflicts: Issue[] = [];
  const key = path === 'claim_ids' ? 'claim_id' : 'authorization_id';
  ids.forEach((id, index) => {
    const place = `${path}[${index}]`;
    const named = candidates.filter((claim) => claim[key] === id);
    if (ids.indexOf(id) < index) issues.push({ path: place, message: 'is named twice' });
    else judgeOne(place, named, circumstances, { claims, issues, conflicts });
  });
  return { claims, issues, conflicts };
}

/** An authorization stands for all of its claims that can be attached. */
function judgeOne(
  path: string,
  named: readonly CandidateRow[],
  { slugs, currency_code, inLiveBatch }: Circumstances,
  into: { claims: CandidateRow[]; issues: Issue[]; conflicts: Issue[] },
): void {
  const [first] = named;
  if (first === undefined) {
    // Somebody else's looks the same as one that nobody has.
    into.issues.push({ path, message: 'is unknown, or nothing was claimed for it' });
    return;
  }
  if (named.every((claim) => !slugs.includes(claim.sponsor_slug))) {
    into.issues.push({ path, message: `is of another sponsor: ${first.sponsor_slug}` });
    return;
  }
  // A sponsor keeps its currency while it has claims; only a restore of earlier versions brought others.
  const foreign = named.find((claim) => claim.currency_code !== currency_code);
  if (foreign !== undefined) {
    into.issues.push({ path, message: `is in ${foreign.currency_code}, the settlement in ${currency_code}` });
    return;
  }
  const live = named.filter((claim) => inLiveBatch.has(claim.claim_id));
  const free = named.filter((claim) => claim.status === 'COMPLETED' && !live.includes(claim));
  if (free.length > 0) into.claims.push(...free);
  else if (live.length > 0) into.conflicts.push({ path, message: 'is in a live batch' });
  else into.issues.push({ path, message: `is ${first.status}, not COMPLETED` });
}
