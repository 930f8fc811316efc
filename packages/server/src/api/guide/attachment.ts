import type { FastifyRequest } from 'fastify';
import { fault } from '../../platform/errors.ts';

/**
 * Brings the three documented encodings (multipart, form, Base64 in JSON) to one shape, before the transaction
 * begins. Part and member names are S.
 */
export async function readAttachment(request: FastifyRequest): Promise<void> {
  if (!request.isMultipart()) return;
  const body: Record<string, string> = {};
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') {
        if (typeof part.value === 'string') body[part.fieldname] = part.value;
      } else if (part.fieldname === 'file') {
        body.content_base64 = (await part.toBuffer()).toString('base64');
        body.file_name ??= part.filename;
        body.content_type ??= part.mimetype;
      } else {
        // A part nobody asked for is read and dropped, as unknown members are.
        part.file.resume();
      }
    }
  } catch (error) {
    throw isTooLarge(error) ? error : fault('071-400-malformed', { cause: error });
  }
  request.body = body;
}

function isTooLarge(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return code === 'FST_REQ_FILE_TOO_LARGE' || /_LIMIT$/.test(code);
}
