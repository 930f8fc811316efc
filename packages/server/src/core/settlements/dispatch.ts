import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { step } from '../../platform/state-machine.ts';
import { second } from '../../platform/time.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { sponsorOf } from '../sponsors/sponsors.ts';
import { consumeProofs, personOfProof } from '../verification/proof.ts';
import { selectCoversPerson, selectMembers } from './members/store.ts';
import { lockOwn } from './open.ts';
import { describeSettlement } from './read.ts';
import { settlementMachine } from './rules.ts';
import { type SettlementRow, updateSubmitted } from './store.ts';
import type { SettlementView } from './views.ts';

/** Due work: the sponsor evaluates; its subject is the settlement. */
export const evaluationWork = 'settlement.evaluation';

export interface Proof {
  readonly otp_verification_token?: string;
  readonly biometric_reading_id?: string;
}

/** Hands the batch to the sponsor. From here on nothing of it changes but by the sponsor's decision. */
export async function dispatch(
  uow: UnitOfWork,
  settlement_id: string,
  proof: Proof,
): Promise<SettlementView> {
  const settlement = await lockOwn(uow, settlement_id);
  if ((await selectMembers(uow.db, { settlement_id })).length === 0) throw fault('071-422-settlement-empty');
  const status = step(settlementMachine, settlement.status, 'dispatch');
  const sponsor = await sponsorOf(uow.db, settlement);
  await verify(uow, settlement, sponsor, proof);
  if ((await updateSubmitted(uow.db, { settlement_id, now: uow.now })) === 0) {
    throw fault('071-409-settlement-dispatched');
  }
  if (!sponsor.decidesByHand) {
    await uow.schedule({
      kind: evaluationWork,
      subject_id: settlement_id,
      due_at: uow.now + sponsor.settlement.delay_seconds * second,
    });
  }
  return describeSettlement(uow, { ...settlement, status, submitted_at: uow.now });
}

/**
 * S: a batch is of many persons and only a person can be verified. Any one that the batch covers will do: it shows
 * that the provider was in touch with the people it claims for.
 */
async function verify(
  uow: UnitOfWork,
  { settlement_id }: SettlementRow,
  { settlement, sponsor_slug }: SponsorProfile,
  proof: Proof,
): Promise<void> {
  const method = settlement.verification;
  if (method === null) return;
  const person = await personOfProof(uow, { method, ...proof });
  const covered =
    person !== undefined &&
    (await selectCoversPerson(uow.db, { settlement_id, person_key: person })).length > 0;
  await consumeProofs(uow, {
    methods: [method],
    person_key: covered ? person : nobody,
    sponsor_slug,
    ...proof,
  });
}

/** No key of a person: a proof of somebody outside the batch proves nothing. */
const nobody = '';
