import type { FastifyInstance, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { fault } from '../../platform/errors.ts';

const json = 'application/json';

/**
 * 406 for a caller that excludes JSON, once it is known who calls. Most send nothing or a wildcard, which costs a
 * look.
 */
export function installNegotiation(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    done(isAcceptable(request) ? null : fault('071-406'));
  });
}

function isAcceptable({ headers: { accept }, routeOptions: { config } }: FastifyRequest): boolean {
  if (accept === undefined || accept === '*/*' || accept === json || accept.startsWith(`${json},`))
    return true;
  if (config.access === undefined || config.anyAccept === true || accept.trim() === '') return true;
  return new Negotiator({ headers: { accept } }).mediaType([json]) !== undefined;
}
