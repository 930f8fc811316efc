import type { FastifyReply } from 'fastify';

export interface Download {
  readonly file_name: string;
  readonly content_type: string;
  readonly content: Uint8Array;
}

/** The bytes of an uploaded file: to be saved, never to be shown as a page of this server. */
export function sendFile(reply: FastifyReply, { file_name, content_type, content }: Download): FastifyReply {
  return reply
    .type(content_type)
    .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file_name)}`)
    .header('x-content-type-options', 'nosniff')
    .send(Buffer.from(content));
}
