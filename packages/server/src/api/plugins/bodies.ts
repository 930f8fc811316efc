import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fault } from '../../platform/errors.ts';

const maxFileBytes = 10 * 1024 * 1024;
/** A file of 10 MB in Base64, with its envelope. */
export const maxBodyBytes = 14 * 1024 * 1024;

const json = 'application/json';

/** JSON everywhere; forms only where a route says so. */
export async function installBodies(app: FastifyInstance): Promise<void> {
  app.decorateRequest('jsonText', undefined);
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(json);
  for (const type of [json, /^application\/[^;\s]+\+json\b/i]) {
    app.addContentTypeParser(type, { parseAs: 'string' }, (request, text: string, done) => {
      // O: an empty body, or the JSON text "", where none is needed.
      const trimmed = text.trim();
      if (trimmed === '' || trimmed === '""') done(null, undefined);
      else
        parse(request, text, (error, value) => {
          if (error) done(fault('071-400-malformed', { cause: error }));
          else {
            request.jsonText = text;
            done(null, value);
          }
        });
    });
  }
  await app.register(formbody, { bodyLimit: maxBodyBytes });
  await app.register(multipart, {
    limits: { fileSize: maxFileBytes, files: 1, fields: 10, fieldSize: 10_000, parts: 11, headerPairs: 50 },
  });
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    done(isTaken(request) ? null : fault('071-415'));
  });
}

/** A body of a media type that the route takes, or none. */
function isTaken(request: FastifyRequest): boolean {
  const type = request.headers['content-type'];
  const { access, consumes } = request.routeOptions.config;
  if (type === undefined || access === undefined || (type === json && consumes === undefined)) return true;
  const media = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const accepted = consumes ?? [json];
  const isJson = media === json || (media.startsWith('application/') && media.endsWith('+json'));
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  return !hasBody || accepted.includes(isJson ? json : media);
}
