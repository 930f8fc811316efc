import type { BiometricReading, BiometricReadingCreate } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, type Issue } from '../../platform/errors.ts';
import { sha256 } from '../../platform/hashing.ts';
import { newId } from '../../platform/ids.ts';
import { isoTimestamp } from '../../platform/time.ts';
import { findBeneficiary } from '../beneficiaries/service.ts';
import { decodeBase64, matchReading, proofLife, unknownBeneficiary } from './rules.ts';
import { insertReading } from './store.ts';

/** Compares a reading with the person. The reading itself is never stored, only its hash. */
export async function createBiometricReading(
  uow: UnitOfWork,
  { beneficiary_id, type, value }: Static<typeof BiometricReadingCreate>,
): Promise<Static<typeof BiometricReading>> {
  const person = await findBeneficiary(uow, beneficiary_id);
  const bytes = decodeBase64(value);
  if (person === undefined || bytes === undefined) {
    const errors: Issue[] = [];
    if (person === undefined) errors.push(unknownBeneficiary);
    if (bytes === undefined) errors.push({ path: 'value', message: 'must be Base64' });
    throw fault('071-422-validation', { errors });
  }
  const { verification_status, confidence, failure_description } = matchReading(bytes, uow.environment);
  const id = newId('biometricReading');
  const expires_at = uow.now + proofLife;
  await insertReading(uow.db, {
    biometric_reading_id: id,
    number: uow.numbers.next('biometric_reading'),
    provider_id: uow.provider.provider_id,
    beneficiary_id,
    person_key: person.person_key,
    type,
    value_sha256: sha256(bytes),
    verification_status,
    confidence,
    failure_description,
    expires_at,
  });
  return {
    id,
    biometric_reading_id: id,
    type,
    confidence: confidence / 100,
    verification_status,
    failure_description,
    expires_at: isoTimestamp(expires_at),
  };
}
