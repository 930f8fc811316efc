import { fault } from '../../platform/errors.ts';
import { sha256 } from '../../platform/hashing.ts';

/** A file as it arrives, whatever the encoding was. */
export interface UploadedFile {
  readonly file_name?: string;
  readonly content_base64: string;
}

export interface ContentRule {
  readonly accepted_content_types: readonly string[];
  readonly max_bytes: number;
}

/** What is admitted where no sponsor has rules of its own. */
export const ordinaryFile: ContentRule = {
  accepted_content_types: ['application/pdf', 'image/jpeg', 'image/png'],
  max_bytes: 10 * 1024 * 1024,
};

export interface InspectedFile {
  readonly file_name: string;
  readonly content_type: string;
  readonly size: number;
  readonly sha256: string;
  readonly content: Buffer;
}

const extensions: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'image/jpeg': 'jpg',
  'image/png': 'png',
};

/** The type is that of the content; a name or a declared type proves nothing. `name` is for a file without one. */
export async function inspectFile(
  file: UploadedFile,
  rule: ContentRule,
  name: string,
): Promise<InspectedFile> {
  const content = decode(file.content_base64);
  if (content.length > rule.max_bytes) throw fault('071-413');
  const content_type = await acceptedType(content, rule);
  return {
    file_name: file.file_name ?? `${name.toLowerCase()}.${extensions[content_type] ?? 'bin'}`,
    content_type,
    size: content.length,
    sha256: sha256(content),
    content,
  };
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

async function acceptedType(content: Buffer, rule: ContentRule): Promise<string> {
  // Loaded at first use; importing again, though it finds the same module, costs as much as the rest of the call.
  fileType ??= import('file-type');
  const { fileTypeFromBuffer } = await fileType;
  const found = (await fileTypeFromBuffer(content))?.mime;
  if (found !== undefined && rule.accepted_content_types.includes(found)) return found;
  const message = `is ${found ?? 'of an unknown type'}; accepted: ${rule.accepted_content_types.join(', ')}`;
  throw fault('071-422-file-type', { errors: [{ path: 'file', message }] });
}
