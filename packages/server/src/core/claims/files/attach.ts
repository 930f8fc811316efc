import type { ClaimFile } from '@osigu-sandbox/contract';
import type { Static } from 'typebox';
import type { UnitOfWork } from '../../../engine/unit-of-work.ts';
import { newId } from '../../../platform/ids.ts';
import { step } from '../../../platform/state-machine.ts';
import { fileView } from '../../authorizations/views.ts';
import { inspectFile, ordinaryFile, type UploadedFile } from '../../files/content.ts';
import { lockOwnClaim, requireClaim } from '../open.ts';
import { type ClaimFamily, claimMachine } from '../rules.ts';
import { insertClaimFile } from './store.ts';

export interface Evidence extends UploadedFile {
  readonly file_type: string;
}

/** What sponsors want to see after the service: a signed discharge note, an itemised invoice. Only while OPEN. */
export async function attachEvidence(
  uow: UnitOfWork,
  family: ClaimFamily,
  claim_id: string,
  evidence: Evidence,
): Promise<Static<typeof ClaimFile>> {
  const row = await requireClaim(uow, family, claim_id);
  const { content, ...described } = await inspectFile(evidence, ordinaryFile, evidence.file_type);
  const { claim } = await lockOwnClaim(uow, row);
  step(claimMachine, claim.status, 'attach');
  const file = {
    file_id: newId('file'),
    number: uow.numbers.next('file'),
    provider_id: uow.provider.provider_id,
    claim_id,
    file_type: evidence.file_type,
    ...described,
    created_at: uow.now,
  };
  await insertClaimFile(uow.db, file, content);
  return { ...fileView(file), origin: 'CLAIM' };
}
