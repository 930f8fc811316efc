import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import type { BeneficiaryRow } from '../beneficiaries/store.ts';
import { delayOf, isDrawn } from '../sponsors/latency.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { decideGroups, decideLine, type GroupDecision } from './decision.ts';
import { factsOf } from './facts.ts';
import { countEvaluation, type RequestRow } from './store.ts';
import { requestedLines } from './views.ts';

/** How the sponsor behaves this time. */
export interface Evaluation {
  readonly fails: boolean;
  /** Milliseconds: until the decision, or until the answer. */
  readonly delay: number;
}

/** Evaluations are counted for each provider, where anything depends on their number; a reset begins anew. */
export async function evaluate(uow: UnitOfWork, profile: SponsorProfile): Promise<Evaluation> {
  const { latency, fails_every, sponsor_slug } = profile;
  if (fails_every === null && !isDrawn(latency)) return { fails: false, delay: delayOf(latency, 0) };
  const { provider_id } = uow.provider;
  const [counted] = await countEvaluation(uow.db, { provider_id, sponsor_slug });
  const ordinal = counted?.evaluations ?? 0;
  return {
    fails: fails_every !== null && ordinal % fails_every === 0,
    delay: delayOf(latency, ordinal),
  };
}

/** What the rules of the sponsor make of a request. */
export function decided(
  request: RequestRow,
  person: BeneficiaryRow,
  profile: SponsorProfile,
): GroupDecision[] {
  const facts = factsOf(request, person, profile);
  return decideGroups(requestedLines(request), (line, index) => {
    const known = facts[index];
    return known === undefined ? { authorized_quantity: line.quantity } : decideLine(profile, known);
  });
}
