import type { OtpChannel, OtpSend, OtpSent, OtpValidate, OtpValidated } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, rejectIssues } from '../../platform/errors.ts';
import { sha256 } from '../../platform/hashing.ts';
import { newId } from '../../platform/ids.ts';
import { randomToken } from '../../platform/random.ts';
import { step } from '../../platform/state-machine.ts';
import { minute, second } from '../../platform/time.ts';
import { findBeneficiary } from '../beneficiaries/service.ts';
import type { BeneficiaryRow } from '../beneficiaries/store.ts';
import { putMessage } from '../outbox/outbox.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { holdSponsor, isAffiliated } from '../sponsors/sponsors.ts';
import {
  destinationOf,
  drawCode,
  hashCode,
  isRightCode,
  maskDestination,
  maxTries,
  otpLife,
  otpMachine,
  proofLife,
  type Refusal,
  secondsUntilResend,
  sendIssues,
} from './rules.ts';
import {
  countWrongTry,
  insertOtp,
  insertToken,
  lockBeneficiary,
  markValidated,
  type OtpRecord,
  selectLastSend,
  selectOtp,
} from './store.ts';

/** Sends a person six digits, once in 30 seconds for each sponsor and channel. */
export async function sendOtp(
  uow: UnitOfWork,
  input: Static<typeof OtpSend>,
): Promise<Static<typeof OtpSent>> {
  const { channel } = input;
  const { person, profile } = await partiesOf(uow, input);
  const destination = destinationOf(person, channel);
  if (destination === undefined) throw fault('071-422-otp-destination');
  await awaitTurn(uow, person, profile, channel);

  const code = drawCode();
  const otp_id = newId('otp');
  await insertOtp(uow.db, {
    otp_id,
    number: uow.numbers.next('otp'),
    ...wayOf(uow, person, profile, channel),
    code_hash: hashCode(code),
    sent_at: uow.now,
    expires_at: uow.now + otpLife,
  });
  await putMessage(uow, {
    channel,
    to: destination,
    ...(channel === 'EMAIL' && { subject: 'Su código de verificación' }),
    body: `${profile.name}: su código de verificación es ${code}. Vence en ${otpLife / minute} minutos. No lo comparta.`,
    otp_code: code,
  });
  return {
    otp_id,
    channel,
    expires_in: otpLife / second,
    masked_destination: maskDestination(destination, channel),
  };
}

/** Person and sponsor of the body: 403 for a sponsor of others first, then 422 with all that is unknown. */
async function partiesOf(
  uow: UnitOfWork,
  { beneficiary_id, sponsor_slug, channel }: Static<typeof OtpSend>,
): Promise<{ person: BeneficiaryRow; profile: SponsorProfile }> {
  const profile = await holdSponsor(uow.db, sponsor_slug);
  if (profile !== undefined && !(await isAffiliated(uow.db, uow.provider.provider_id, profile))) {
    throw fault('071-403-sponsor-not-affiliated');
  }
  const person = await findBeneficiary(uow, beneficiary_id);
  const issues = sendIssues(person, profile, channel);
  if (person === undefined || profile === undefined) throw fault('071-422-validation', { errors: issues });
  rejectIssues(issues);
  return { person, profile };
}

function wayOf(uow: UnitOfWork, person: BeneficiaryRow, profile: SponsorProfile, channel: OtpChannel) {
  return {
    provider_id: uow.provider.provider_id,
    beneficiary_id: person.beneficiary_id,
    sponsor_slug: profile.sponsor_slug,
    channel,
  };
}

async function awaitTurn(
  uow: UnitOfWork,
  person: BeneficiaryRow,
  profile: SponsorProfile,
  channel: OtpChannel,
): Promise<void> {
  const way = wayOf(uow, person, profile, channel);
  await lockBeneficiary(uow.db, { provider_id: way.provider_id, beneficiary_id: way.beneficiary_id });
  const [last] = await selectLastSend(uow.db, way);
  const retryAfter = secondsUntilResend(last?.sent_at, uow.now);
  if (retryAfter > 0) {
    const message = `A message was just sent; another one can be sent in ${retryAfter} s.`;
    throw fault('071-429', { message, retryAfter });
  }
}

/** The right code becomes a token, once. A wrong one is counted, which its refusal must not undo. */
export async function validateOtp(
  uow: UnitOfWork,
  { otp_id, code }: Static<typeof OtpValidate>,
): Promise<Static<typeof OtpValidated> | Refusal> {
  const otp = await requireOtp(uow, otp_id);
  step(otpMachine, otp.status, 'validate');
  if (otp.expires_at <= uow.now) throw fault('071-422-otp-expired');

  const key = { provider_id: uow.provider.provider_id, otp_id };
  const isRight = isRightCode(code, otp.code_hash, uow.environment);
  const changed = isRight
    ? await markValidated(uow.db, key)
    : await countWrongTry(uow.db, { ...key, lastTry: maxTries - 1 });
  // Somebody was faster: what they made of it is the answer, and nothing is told about this code.
  if (changed === 0) throw await lostTo(uow, otp_id);
  return isRight ? issueToken(uow, otp) : { refusal: fault('071-422-otp-invalid') };
}

/** Unknown and somebody else's look the same. */
async function requireOtp(uow: UnitOfWork, otp_id: string): Promise<OtpRecord> {
  const [otp] = await selectOtp(uow.db, { provider_id: uow.provider.provider_id, otp_id });
  if (otp === undefined) throw fault('071-404-otp');
  return otp;
}

async function lostTo(uow: UnitOfWork, otp_id: string): Promise<Error> {
  step(otpMachine, (await requireOtp(uow, otp_id)).status, 'validate');
  return fault('071-422-otp-used');
}

async function issueToken(uow: UnitOfWork, otp: OtpRecord): Promise<Static<typeof OtpValidated>> {
  const otp_verification_token = randomToken(32);
  await insertToken(uow.db, {
    token_hash: sha256(otp_verification_token),
    provider_id: uow.provider.provider_id,
    otp_id: otp.otp_id,
    person_key: otp.person_key,
    sponsor_slug: otp.sponsor_slug,
    expires_at: uow.now + proofLife,
  });
  return { otp_verification_token, expires_in: proofLife / second };
}
