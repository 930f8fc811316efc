import type { OtpChannel } from '@osigu-sandbox/contract';
import type { BiometricReadingTable } from '../../store/database.ts';
import { rowLock } from '../../store/row-lock.ts';
import { change, statement } from '../../store/statement.ts';
import type { OtpStatus } from './rules.ts';

/** Makes parallel sends to one person wait for each other, so that the second one sees the first. */
export const lockBeneficiary = statement<{ provider_id: string; beneficiary_id: string }>(
  (db, { provider_id, beneficiary_id }) =>
    db
      .selectFrom('beneficiaries')
      .select('beneficiary_id')
      .where('beneficiary_id', '=', beneficiary_id)
      .where('provider_id', '=', provider_id)
      .modifyEnd(rowLock(db)),
);

type Way = { provider_id: string; beneficiary_id: string; sponsor_slug: string; channel: OtpChannel };

export const selectLastSend = statement<Way, { sent_at: number }>((db, way) =>
  db
    .selectFrom('otps')
    .select('sent_at')
    .where('provider_id', '=', way.provider_id)
    .where('beneficiary_id', '=', way.beneficiary_id)
    .where('sponsor_slug', '=', way.sponsor_slug)
    .where('channel', '=', way.channel)
    .orderBy('sent_at', 'desc')
    .limit(1),
);

type NewOtp = Way & {
  otp_id: string;
  number: number;
  code_hash: string;
  sent_at: number;
  expires_at: number;
};

export const insertOtp = change<NewOtp>((db, otp) =>
  db.insertInto('otps').values({
    otp_id: otp.otp_id,
    number: otp.number,
    provider_id: otp.provider_id,
    beneficiary_id: otp.beneficiary_id,
    sponsor_slug: otp.sponsor_slug,
    channel: otp.channel,
    code_hash: otp.code_hash,
    tries: 0,
    status: 'SENT',
    sent_at: otp.sent_at,
    expires_at: otp.expires_at,
  }),
);

type OtpKey = { provider_id: string; otp_id: string };

export interface OtpRecord {
  readonly otp_id: string;
  readonly person_key: string;
  readonly sponsor_slug: string;
  readonly code_hash: string;
  readonly status: OtpStatus;
  readonly expires_at: number;
}

export const selectOtp = statement<OtpKey, OtpRecord>((db, { provider_id, otp_id }) =>
  db
    .selectFrom('otps')
    .innerJoin('beneficiaries', 'beneficiaries.beneficiary_id', 'otps.beneficiary_id')
    .select(['otp_id', 'person_key', 'sponsor_slug', 'code_hash', 'status', 'expires_at'])
    .where('otp_id', '=', otp_id)
    .where('otps.provider_id', '=', provider_id),
);

/** 1 for the one who validates first. */
export const markValidated = change<OtpKey>((db, { provider_id, otp_id }) =>
  db
    .updateTable('otps')
    .set({ status: 'VALIDATED' })
    .where('otp_id', '=', otp_id)
    .where('provider_id', '=', provider_id)
    .where('status', '=', 'SENT'),
);

/** Counts a wrong try, the last one locks; 0 when others have used up the tries meanwhile. */
export const countWrongTry = change<OtpKey & { lastTry: number }>((db, { provider_id, otp_id, lastTry }) =>
  db
    .updateTable('otps')
    .set((eb) => ({
      tries: eb('tries', '+', 1),
      status: eb.case().when('tries', '>=', lastTry).then('LOCKED').else('SENT').end().$castTo<OtpStatus>(),
    }))
    .where('otp_id', '=', otp_id)
    .where('provider_id', '=', provider_id)
    .where('status', '=', 'SENT'),
);

type NewToken = {
  token_hash: string;
  provider_id: string;
  otp_id: string;
  person_key: string;
  sponsor_slug: string;
  expires_at: number;
};

export const insertToken = change<NewToken>((db, token) =>
  db.insertInto('verification_tokens').values({
    token_hash: token.token_hash,
    provider_id: token.provider_id,
    otp_id: token.otp_id,
    person_key: token.person_key,
    sponsor_slug: token.sponsor_slug,
    expires_at: token.expires_at,
    used_at: null,
  }),
);

type Bearer = { provider_id: string; person_key: string; now: number };

/** 1 for the one call that may use it. */
export const takeToken = change<Bearer & { token_hash: string; sponsor_slug: string }>((db, proof) =>
  db
    .updateTable('verification_tokens')
    .set({ used_at: proof.now })
    .where('token_hash', '=', proof.token_hash)
    .where('provider_id', '=', proof.provider_id)
    .where('person_key', '=', proof.person_key)
    .where('sponsor_slug', '=', proof.sponsor_slug)
    .where('used_at', 'is', null)
    .where('expires_at', '>', proof.now),
);

export const insertReading = change<Omit<BiometricReadingTable, 'used_at'> & Record<string, unknown>>(
  (db, reading) =>
    db.insertInto('biometric_readings').values({
      biometric_reading_id: reading.biometric_reading_id,
      number: reading.number,
      provider_id: reading.provider_id,
      beneficiary_id: reading.beneficiary_id,
      person_key: reading.person_key,
      type: reading.type,
      value_sha256: reading.value_sha256,
      verification_status: reading.verification_status,
      confidence: reading.confidence,
      failure_description: reading.failure_description,
      expires_at: reading.expires_at,
      used_at: null,
    }),
);

/** 1 for the one call that may use it; only a reading that matched is a proof. */
export const takeReading = change<Bearer & { biometric_reading_id: string }>((db, proof) =>
  db
    .updateTable('biometric_readings')
    .set({ used_at: proof.now })
    .where('biometric_reading_id', '=', proof.biometric_reading_id)
    .where('provider_id', '=', proof.provider_id)
    .where('person_key', '=', proof.person_key)
    .where('verification_status', '=', 'VERIFICATION_SUCCESS')
    .where('used_at', 'is', null)
    .where('expires_at', '>', proof.now),
);

export const selectPersonOfToken = statement<
  { provider_id: string; token_hash: string },
  { person_key: string }
>((db, { provider_id, token_hash }) =>
  db
    .selectFrom('verification_tokens')
    .select('person_key')
    .where('token_hash', '=', token_hash)
    .where('provider_id', '=', provider_id),
);

export const selectPersonOfReading = statement<
  { provider_id: string; biometric_reading_id: string },
  { person_key: string }
>((db, { provider_id, biometric_reading_id }) =>
  db
    .selectFrom('biometric_readings')
    .select('person_key')
    .where('biometric_reading_id', '=', biometric_reading_id)
    .where('provider_id', '=', provider_id),
);
