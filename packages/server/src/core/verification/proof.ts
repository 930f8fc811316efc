import type { VerificationMethod } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { sha256 } from '../../platform/hashing.ts';
import { sponsorOf } from '../sponsors/sponsors.ts';
import { selectPersonOfReading, selectPersonOfToken, takeReading, takeToken } from './store.ts';

/** What a sponsor demands, and what came with the call. */
export interface ProofDemand {
  readonly method: VerificationMethod;
  readonly person_key: string;
  readonly sponsor_slug: string;
  readonly otp_verification_token?: string | undefined;
  readonly biometric_reading_id?: string | undefined;
}

const members = { OTP: 'otp_verification_token', BIOMETRIC: 'biometric_reading_id' } as const;

/**
 * Uses the proof up, in the transaction of the call that it is for. To be asked as the provider who verified the
 * person, which at a counter is the one who dispenses, not the owner of the code.
 */
export async function consumeProof(uow: UnitOfWork, demand: ProofDemand): Promise<void> {
  const path = members[demand.method];
  const proof = demand[path];
  if (proof === undefined) throw required(path, 'is required');
  const taken =
    demand.method === 'OTP' ? await byToken(uow, demand, proof) : await byReading(uow, demand, proof);
  if (taken === 0) throw required(path, 'is not a live, unused proof of this person for this sponsor');
}

function required(path: string, message: string) {
  return fault('071-422-verification-required', { errors: [{ path, message }] });
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

/** Whose proof it is, where a call does not name one person; `consumeProof` then says whether it is good. */
export async function personOfProof(
  { db, provider: { provider_id } }: UnitOfWork,
  demand: Omit<ProofDemand, 'person_key' | 'sponsor_slug'>,
): Promise<string | undefined> {
  const proof = demand[members[demand.method]];
  if (proof === undefined) return undefined;
  const [person] =
    demand.method === 'OTP'
      ? await selectPersonOfToken(db, { provider_id, token_hash: sha256(proof) })
      : await selectPersonOfReading(db, { provider_id, biometric_reading_id: proof });
  return person?.person_key;
}
