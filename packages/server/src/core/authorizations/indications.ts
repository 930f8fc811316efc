import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import type { IndicationRule, SponsorProfile } from '../../fixtures/sponsor-profile.ts';
import { fault } from '../../platform/errors.ts';
import { sha256 } from '../../platform/hashing.ts';
import { newId } from '../../platform/ids.ts';
import { step } from '../../platform/state-machine.ts';
import { requireAuthorization } from './authorizations.ts';
import { requireRequest, sponsorOfRequest } from './requests.ts';
import { requestMachine } from './rules.ts';
import { insertFile, insertFileContent, touchRequest } from './store.ts';
import { fileView } from './views.ts';

export interface Attachment {
  readonly file_type: string;
  readonly file_name?: string;
  readonly content_base64: string;
}

const extensions: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'image/jpeg': 'jpg',
  'image/png': 'png',
};

/** Only before completion. The type is that of the content; a name or a declared type proves nothing. */
export async function attachIndication(
  uow: UnitOfWork,
  authorization_request_id: string,
  attachment: Attachment,
) {
  const request = await requireRequest(uow, authorization_request_id);
  const rule = ruleOf(sponsorOfRequest(request), attachment.file_type);
  const content = decode(attachment.content_base64);
  if (content.length > rule.max_bytes) throw fault('071-413');
  const content_type = await acceptedType(content, rule);
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
    file_name:
      attachment.file_name ?? `${attachment.file_type.toLowerCase()}.${extensions[content_type] ?? 'bin'}`,
    content_type,
    size: content.length,
    sha256: sha256(content),
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

/** Base64 with or without the URL-safe letters; line breaks inside are admitted, as mail tools make them. */
function decode(text: string): Buffer {
  const compact = text.replace(/[\r\n]/g, '');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(compact)) {
    throw fault('071-422-validation', { errors: [{ path: 'content_base64', message: 'is not Base64' }] });
  }
  return Buffer.from(compact, 'base64');
}

let fileType: Promise<typeof import('file-type')> | undefined;

async function acceptedType(content: Buffer, rule: IndicationRule): Promise<string> {
  // Asked for at first use; importing again, though it finds the same module, costs as much as the rest of the call.
  fileType ??= import('file-type');
  const { fileTypeFromBuffer } = await fileType;
  const found = (await fileTypeFromBuffer(content))?.mime;
  if (found !== undefined && rule.accepted_content_types.includes(found)) return found;
  const message = `is ${found ?? 'of an unknown type'}; accepted: ${rule.accepted_content_types.join(', ')}`;
  throw fault('071-422-file-type', { errors: [{ path: 'file', message }] });
}

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

export async function readFile(context: Context, file_id: string) {
  const file = await context.db
    .selectFrom('files')
    .innerJoin('file_contents', 'file_contents.file_id', 'files.file_id')
    .select(['file_name', 'content_type', 'content'])
    .where('files.file_id', '=', file_id)
    .where('provider_id', '=', context.provider.provider_id)
    .executeTakeFirst();
  if (file === undefined) throw fault('071-404-file');
  return file;
}

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
