import type { VerificationMethod } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, type Issue } from '../../platform/errors.ts';
import { sha256 } from '../../platform/hashing.ts';
import { sponsorOf } from '../sponsors/sponsors.ts';
import { selectPersonOfReading, selectPersonOfToken, takeReading, takeToken } from './store.ts';

/** What a sponsor demands, and what came with the call. */
export interface ProofDemand extends Proofs {
  /** Of each a proof. */
  readonly methods: readonly VerificationMethod[];
  readonly person_key: string;
  readonly sponsor_slug: string;
}

interface Proofs {
  readonly otp_verification_token?: string | undefined;
  readonly biometric_reading_id?: string | undefined;
}

const members = { OTP: 'otp_verification_token', BIOMETRIC: 'biometric_reading_id' } as const;

/**
 * Uses the proofs up, in the transaction of the call that they are for, or says of all what is wrong with them. To be asked as the provider who verified the
 * person, which at a counter is the one who dispenses, not the owner of the code.
 */
export async function consumeProofs(uow: UnitOfWork, demand: ProofDemand): Promise<void> {
  const errors: Issue[] = [];
  for (const method of demand.methods) {
    const message = await consume(uow, method, demand);
    if (message !== undefined) errors.push({ path: members[method], message });
  }
  if (errors.length > 0) throw fault('071-422-verification-required', { errors });
}

/** Answers what is wrong with it. */
async function consume(
  uow: UnitOfWork,
  method: VerificationMethod,
  demand: ProofDemand,
): Promise<string | undefined> {
  const proof = demand[members[method]];
  if (proof === undefined) return 'is required';
  const taken = method === 'OTP' ? await byToken(uow, demand, proof) : await byReading(uow, demand, proof);
  return taken === 0 ? 'is not a live, unused proof of this person for this sponsor' : undefined;
}

async function byToken(uow: UnitOfWork, demand: ProofDemand, token: string): Promise<number> {
  // A sponsor may have been named by another of its slugs.
  const { sponsor_slug } = await sponsorOf(uow.db, demand);
  return takeToken(uow.db, {
    token_hash: sha256(token),
    provider_id: uow.provider.provider_id,
    person_key: demand.person_key,
    sponsor_slug,
    now: uow.now,
  });
}

function byReading(uow: UnitOfWork, demand: ProofDemand, biometric_reading_id: string): Promise<number> {
  return takeReading(uow.db, {
    biometric_reading_id,
    provider_id: uow.provider.provider_id,
    person_key: demand.person_key,
    now: uow.now,
  });
}

/** Whose proof it is, where a call does not name one person; `consumeProofs` then says whether it is good. */
export async function personOfProof(
  { db, provider: { provider_id } }: UnitOfWork,
  demand: Proofs & { readonly method: VerificationMethod },
): Promise<string | undefined> {
  const proof = demand[members[demand.method]];
  if (proof === undefined) return undefined;
  const [person] =
    demand.method === 'OTP'
      ? await selectPersonOfToken(db, { provider_id, token_hash: sha256(proof) })
      : await selectPersonOfReading(db, { provider_id, biometric_reading_id: proof });
  return person?.person_key;
}
