import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import type { IndicationRule, SponsorProfile } from '../../fixtures/sponsor-profile.ts';
import { fault } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { step } from '../../platform/state-machine.ts';
import { inspectFile, type UploadedFile } from '../files/content.ts';
import { requireAuthorization } from './authorizations.ts';
import { requireRequest, sponsorOfRequest } from './requests.ts';
import { requestMachine } from './rules.ts';
import { insertFile, insertFileContent, touchRequest } from './store.ts';
import { fileView } from './views.ts';

interface Attachment extends UploadedFile {
  readonly file_type: string;
}

/** Only before completion. */
export async function attachIndication(
  uow: UnitOfWork,
  authorization_request_id: string,
  attachment: Attachment,
) {
  const request = await requireRequest(uow, authorization_request_id);
  const rule = ruleOf(sponsorOfRequest(request), attachment.file_type);
  const { content, ...described } = await inspectFile(attachment, rule, attachment.file_type);
  step(requestMachine, request.status, 'attach');
  if ((await touchRequest(uow.db, { authorization_request_id, now: uow.now })) === 0) {
    throw fault('071-409-indications-closed');
  }
  const file = {
    file_id: newId('file'),
    number: uow.numbers.next('file'),
    provider_id: uow.provider.provider_id,
    authorization_request_id,
    file_type: attachment.file_type,
    ...described,
    created_at: uow.now,
  };
  await insertFile(uow.db, file);
  await insertFileContent(uow.db, { file_id: file.file_id, content });
  return fileView(file);
}

function ruleOf(profile: SponsorProfile, file_type: string): IndicationRule {
  const rule = profile.indications.find((each) => each.file_type === file_type);
  if (rule !== undefined) return rule;
  const known = profile.indications.map((each) => each.file_type).join(', ');
  throw fault('071-422-validation', { errors: [{ path: 'file_type', message: `must be one of ${known}` }] });
}

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

/** O for an authorization, S for a request, where it can be read before completion. */
export async function documentPolicyOfRequest(context: Context, authorization_request_id: string) {
  return policyOf(sponsorOfRequest(await requireRequest(context, authorization_request_id)));
}

export async function documentPolicyOfAuthorization(context: Context, authorization_id: string) {
  return policyOf(sponsorOfRequest(await requireAuthorization(context, authorization_id)));
}

function policyOf(profile: SponsorProfile) {
  return profile.indications.map(({ file_type, fallback_name, required }) => ({
    slug: file_type,
    fallback_name,
    required,
  }));
}
