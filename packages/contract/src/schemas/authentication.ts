import Type from 'typebox';
import { Nullable } from './common.ts';

export const TokenRequest = Type.Object({
  grant_type: Type.Literal('client_credentials', {
    description: 'As form field, or in the query (observed).',
  }),
});

/** D: authentication/obtaining-tokens; `extensions` O. */
export const TokenResponse = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('bearer'),
  expires_in: Type.Integer({ examples: [3600] }),
  scope: Type.String({ examples: ['arc:read arc:write'] }),
  extensions: Type.Object({
    provider_slug: Type.String(),
    provider_branch_id: Type.String(),
    provider_branch_timezone: Type.String(),
    client_name: Type.String(),
  }),
});

/** RFC 6749, section 5.2. */
export const TokenError = Type.Object({
  error: Type.String(),
  error_description: Type.Optional(Type.String()),
});

export const JsonWebKeySet = Type.Object({
  keys: Type.Array(
    Type.Object({
      kty: Type.String(),
      kid: Type.String(),
      alg: Type.String(),
      use: Type.String(),
      n: Type.String(),
      e: Type.String(),
    }),
  ),
});

export const OtpSend = Type.Object({
  beneficiary_id: Type.String({ minLength: 1, maxLength: 64 }),
  sponsor_slug: Type.String({ minLength: 1, maxLength: 100 }),
  channel: Type.Unsafe<'SMS' | 'EMAIL'>({ type: 'string', enum: ['SMS', 'EMAIL'] }),
});

export const OtpSent = Type.Object({
  otp_id: Type.String(),
  channel: Type.String(),
  expires_in: Type.Integer({ examples: [300], description: 'Seconds.' }),
  masked_destination: Type.String({ examples: ['******4567'] }),
});

export const OtpValidate = Type.Object({
  otp_id: Type.String({ minLength: 1, maxLength: 64 }),
  code: Type.String({ minLength: 1, maxLength: 32, examples: ['246810'] }),
});

export const OtpValidated = Type.Object({
  otp_verification_token: Type.String(),
  expires_in: Type.Integer({ examples: [600], description: 'Seconds.' }),
});

export const BiometricReadingCreate = Type.Object({
  beneficiary_id: Type.String({ minLength: 1, maxLength: 64 }),
  type: Type.Unsafe<'FINGERPRINT_READING' | 'FACE_RECOGNITION'>({
    type: 'string',
    enum: ['FINGERPRINT_READING', 'FACE_RECOGNITION'],
  }),
  value: Type.String({ minLength: 1, maxLength: 4_000_000, description: 'Base64.', examples: ['bWF0Y2g='] }),
});

export const BiometricReading = Type.Object({
  id: Type.String(),
  biometric_reading_id: Type.String(),
  type: Type.String(),
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  verification_status: Type.String({ examples: ['VERIFICATION_SUCCESS'] }),
  failure_description: Nullable(Type.String()),
  expires_at: Type.String({ format: 'date-time' }),
});
