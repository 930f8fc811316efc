import { createHmac } from 'node:crypto';
import type { BiometricVerificationStatus, Environment, OtpChannel } from '@osigu-sandbox/contract';
import { biometricNoMatch, otpAlwaysRight, otpAlwaysWrong } from '../../fixtures/magic.ts';
import type { Fault, Issue } from '../../platform/errors.ts';
import { equalInConstantTime } from '../../platform/hashing.ts';
import { randomDigits, randomToken } from '../../platform/random.ts';
import type { StateMachine } from '../../platform/state-machine.ts';
import { minute, second } from '../../platform/time.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';
import { otpChannelsOf } from '../sponsors/requirements.ts';

// Contract section 8 (all S), on the provider's clock.
export const otpLife = 300 * second;
const resendAfter = 30 * second;
export const proofLife = 10 * minute;
export const maxTries = 5;

/** An answer that is no success, although what it counted has to be kept: not to be thrown. */
export interface Refusal {
  readonly refusal: Fault;
}

export type OtpStatus = 'SENT' | 'VALIDATED' | 'LOCKED';
export type OtpAction = 'validate' | 'miss' | 'lock';

const used = '071-422-otp-used';
const locked = '071-422-otp-locked';

/** `lock` is the fifth wrong try. Contract section 8. */
export const otpMachine: StateMachine<OtpStatus, OtpAction> = {
  SENT: { validate: 'VALIDATED', miss: 'SENT', lock: 'LOCKED' },
  VALIDATED: { validate: used, miss: used, lock: used },
  LOCKED: { validate: locked, miss: locked, lock: locked },
};

/** Six digits that are not themselves a magic value: a code that was sent is right exactly because it was sent. */
export function drawCode(): string {
  for (;;) {
    const code = randomDigits(6);
    if (code !== otpAlwaysRight && code !== otpAlwaysWrong) return code;
  }
}

/** `<salt>.<hash>`: equal codes look different. */
export function hashCode(code: string, salt: string = randomToken(16)): string {
  return `${salt}.${createHmac('sha256', salt).update(code).digest('hex')}`;
}

/** The magic values hold in the sandbox only: in production they would be a master key. */
export function isRightCode(code: string, code_hash: string, environment: Environment): boolean {
  const matches = equalInConstantTime(hashCode(code, code_hash.split('.')[0]), code_hash);
  if (environment !== 'sandbox') return matches;
  return code === otpAlwaysRight || (matches && code !== otpAlwaysWrong);
}

/** Whole seconds until another message may go the same way; 0 when it may now. */
export function secondsUntilResend(last_sent_at: number | undefined, now: number): number {
  if (last_sent_at === undefined) return 0;
  return Math.max(0, Math.ceil((last_sent_at + resendAfter - now) / second));
}

export function destinationOf(
  person: { readonly email: string | null; readonly phone_number: string | null },
  channel: OtpChannel,
): string | undefined {
  return (channel === 'SMS' ? person.phone_number : person.email) || undefined;
}

/** `******4567`, or `m******@example.com`: enough for the person to know it, too little for anybody else. */
export function maskDestination(destination: string, channel: OtpChannel): string {
  const stars = '*'.repeat(6);
  if (channel === 'SMS') return `${stars}${destination.slice(-4)}`;
  const at = destination.lastIndexOf('@');
  const shown = at > 1 ? destination.slice(0, 1) : '';
  return `${shown}${stars}${destination.slice(at)}`;
}

export const unknownBeneficiary: Issue = {
  path: 'beneficiary_id',
  message: 'is no beneficiary of this provider',
};

/** Everything in the body that names nothing we know, at once. */
export function sendIssues(
  person: object | undefined,
  profile: Pick<SponsorProfile, 'requirements'> | undefined,
  channel: OtpChannel,
): Issue[] {
  const issues: Issue[] = [];
  if (person === undefined) issues.push(unknownBeneficiary);
  if (profile === undefined) issues.push({ path: 'sponsor_slug', message: 'is no sponsor' });
  else if (!otpChannelsOf(profile).includes(channel)) {
    const message = `must be a channel of the sponsor: ${otpChannelsOf(profile).join(', ') || 'it has none'}`;
    issues.push({ path: 'channel', message });
  }
  return issues;
}

/**
 * The bytes of Base64, or undefined for anything else. Line breaks are let pass: capturing devices wrap what they
 * encode (RFC 2045).
 */
export function decodeBase64(text: string): Buffer | undefined {
  const unwrapped = text.replaceAll(/\r?\n/g, '');
  const bytes = Buffer.from(unwrapped, 'base64');
  // Buffer skips what it does not understand; what does not come back the same was not Base64.
  return bytes.length > 0 && bytes.toString('base64') === unwrapped ? bytes : undefined;
}

export interface Match {
  readonly verification_status: BiometricVerificationStatus;
  /** Hundredths. */
  readonly confidence: number;
  readonly failure_description: string | null;
}

/** The sandbox matches by a magic value; a production server has nothing to match with, and says so. */
export function matchReading(bytes: Buffer, environment: Environment): Match {
  if (environment !== 'sandbox') {
    return {
      verification_status: 'ERROR',
      confidence: 0,
      failure_description: 'No biometric service is connected.',
    };
  }
  if (bytes.equals(Buffer.from(biometricNoMatch))) {
    return {
      verification_status: 'VERIFICATION_FAILURE',
      confidence: 12,
      failure_description: 'The reading does not match the beneficiary.',
    };
  }
  return { verification_status: 'VERIFICATION_SUCCESS', confidence: 98, failure_description: null };
}
