import { ErrorEnvelope } from '@osigu-sandbox/contract';
import Fastify, { type FastifyInstance } from 'fastify';
import { fault } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { answerBrokenRequest } from './broken-requests.ts';
import { answerFault, installErrors } from './errors.ts';
import { type AuthenticationOptions, installAuthentication } from './plugins/authentication.ts';
import { installBodies, maxBodyBytes } from './plugins/bodies.ts';
import { installCors } from './plugins/cors.ts';
import { installNegotiation } from './plugins/negotiation.ts';
import { installNotFound, routerOptions } from './plugins/not-found.ts';
import { installObservation, requestIdOf } from './plugins/observation.ts';
import { installSending } from './plugins/sending.ts';
import { installStopping } from './plugins/stopping.ts';

export interface ServerOptions extends AuthenticationOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly corsOrigins: '*' | readonly string[];
  readonly trustProxy: boolean;
}

/** The HTTP server with everything that all routes share; the routes come after. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    genReqId: (request) => requestIdOf(request.headers),
    requestIdHeader: false,
    trustProxy: options.trustProxy,
    // What still comes in on an open connection while the server stops is answered like any other call.
    return503OnClosing: false,
    // A caller that sends its request a byte a minute does not hold a connection for ever.
    requestTimeout: 60_000,
    routerOptions,
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => {
      request.errorCode = undefined;
      // No hook has run yet.
      reply.header('x-request-id', request.id);
      answerFault(fault('071-400-malformed', { cause: error }), request, reply);
    },
  });
  // `endpoint` validates: it lists everything wrong at once and answers 404 before 422.
  app.setValidatorCompiler(() => () => true);
  app.addSchema(ErrorEnvelope);
  installErrors(app, options.log);
  installNotFound(app);
  installObservation(app, options.metrics, options.log);
  installStopping(app);
  installSending(app);
  await installCors(app, options.corsOrigins);
  installNegotiation(app);
  installAuthentication(app, options);
  await installBodies(app);
  app.addHook('onRequest', (request, _reply, done) => {
    // No text of the database can hold it, so nothing is called so.
    done(request.url.includes('%00') ? fault('071-400-malformed') : undefined);
  });
  return app;
}
