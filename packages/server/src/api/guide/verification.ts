import {
  BiometricReading,
  BiometricReadingCreate,
  OtpSend,
  OtpSent,
  OtpValidate,
  OtpValidated,
  ProviderSlug,
} from '@osigu-sandbox/contract';
import Type from 'typebox';
import { createBiometricReading } from '../../core/verification/biometric.ts';
import { sendOtp, validateOtp } from '../../core/verification/otp.ts';
import { otpAlwaysRight } from '../../fixtures/magic.ts';
import { created, ok } from '../answers.ts';
import type { Endpoints } from '../endpoint.ts';

const tag = 'Verification';
const otp = { kind: 'client', scopes: ['arc:write', 'dispensing:write'] } as const;
const arcWrite = { kind: 'client', scopes: ['arc:write'] } as const;
const exampleId = (prefix: string) => `${prefix}_01JG0000000000000000000000`;

export function verificationRoutes(endpoints: Endpoints): void {
  endpoints.write({
    method: 'POST',
    url: '/v1/otp/send',
    operationId: 'sendOtp',
    tag,
    summary: 'Send a one-time password to a beneficiary',
    description:
      'Six digits, valid for 300 seconds on the clock of the provider; again after 30 seconds. In the sandbox the ' +
      'message is in the outbox: `GET /_sandbox/v1/providers/{provider_slug}/outbox`.',
    provenance: 'documented',
    access: otp,
    body: OtpSend,
    bodyExample: { beneficiary_id: exampleId('bnf'), sponsor_slug: 'sponsor-sandbox-otp', channel: 'SMS' },
    answers: { 201: OtpSent },
    errors: ['071-403-sponsor-not-affiliated', '071-422-otp-destination'],
    write: async (uow, { body }) => created(await sendOtp(uow, body)),
  });

  endpoints.write({
    method: 'POST',
    url: '/v1/otp/validate',
    operationId: 'validateOtp',
    tag,
    summary: 'Exchange a one-time password for a verification token',
    description:
      'The token works once, within 10 minutes, for the same provider, person and sponsor. The fifth wrong code ' +
      `locks the password. In the sandbox \`${otpAlwaysRight}\` is always right.`,
    provenance: 'documented',
    access: otp,
    body: OtpValidate,
    bodyExample: { otp_id: exampleId('otp'), code: otpAlwaysRight },
    answers: { 200: OtpValidated },
    errors: [
      '071-404-otp',
      '071-422-otp-invalid',
      '071-422-otp-expired',
      '071-422-otp-locked',
      '071-422-otp-used',
    ],
    write: async (uow, { body }) => {
      const outcome = await validateOtp(uow, body);
      return 'refusal' in outcome ? outcome : ok(outcome);
    },
  });

  endpoints.write({
    method: 'POST',
    url: '/arc/v1/providers/:provider_slug/biometric-reading',
    operationId: 'createBiometricReading',
    tag,
    summary: 'Verify a beneficiary by a biometric reading',
    description:
      'A successful reading works once, within 10 minutes, for the same provider and person. The value is not ' +
      'stored. In the sandbox everything matches but a value that decodes to `no-match`.',
    provenance: 'observed',
    access: arcWrite,
    params: Type.Object({ provider_slug: ProviderSlug }),
    body: BiometricReadingCreate,
    bodyExample: { beneficiary_id: exampleId('bnf'), type: 'FINGERPRINT_READING', value: 'bWF0Y2g=' },
    answers: { 201: BiometricReading },
    errors: ['071-403-provider-mismatch'],
    write: async (uow, { body }) => created(await createBiometricReading(uow, body)),
  });
}
