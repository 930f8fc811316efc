import type { FastifyInstance } from 'fastify';
import Negotiator from 'negotiator';
import { fault } from '../../platform/errors.ts';

const json = 'application/json';

/**
 * 406 for a caller that excludes JSON, once it is known who calls. Most send nothing or a wildcard, which costs a
 * look.
 */
export function installNegotiation(app: FastifyInstance): void {
  app.addHook('preParsing', async (request) => {
    const accept = request.headers.accept;
    if (accept === undefined || accept === '*/*' || accept === json || accept.startsWith(`${json},`)) return;
    const config = request.routeOptions.config;
    if (config.access === undefined || config.anyAccept === true || accept.trim() === '') return;
    const accepted = new Negotiator({ headers: { accept } }).mediaType([json]);
    if (accepted === undefined) throw fault('071-406');
  });
}
