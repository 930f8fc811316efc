import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { step } from '../../platform/state-machine.ts';
import { inspectFile, type UploadedFile } from '../files/content.ts';
import type { IndicationRule } from '../sponsors/profile.ts';
import { sponsorOf } from '../sponsors/sponsors.ts';
import { requireAuthorization } from './authorizations.ts';
import { demandsOn, requireRequest } from './requests.ts';
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
  const { indications } = demandsOn(request, await sponsorOf(uow.db, request));
  const rule = ruleOf(indications, attachment.file_type);
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

function ruleOf(indications: readonly IndicationRule[], file_type: string): IndicationRule {
  const rule = indications.find((each) => each.file_type === file_type);
  if (rule !== undefined) return rule;
  const known = indications.map((each) => each.file_type).join(', ');
  const message = known === '' ? 'is not wanted: the sponsor takes none' : `must be one of ${known}`;
  throw fault('071-422-validation', { errors: [{ path: 'file_type', message }] });
}

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

/** O for an authorization, S for a request, where it can be read before completion. */
export async function documentPolicyOfRequest(context: Context, authorization_request_id: string) {
  const request = await requireRequest(context, authorization_request_id);
  return policyOf(demandsOn(request, await sponsorOf(context.db, request)).indications);
}

export async function documentPolicyOfAuthorization(context: Context, authorization_id: string) {
  const authorization = await requireAuthorization(context, authorization_id);
  const { requirements } = await sponsorOf(context.db, authorization);
  return policyOf(requirements[authorization.product_type].indications);
}

function policyOf(indications: readonly IndicationRule[]) {
  return indications.map(({ file_type, fallback_name, required }) => ({
    slug: file_type,
    fallback_name,
    required,
  }));
}
