import { ErrorEnvelope, SponsorProfile } from '@osigu-sandbox/contract';
import Fastify, { type FastifyInstance } from 'fastify';
import type { RequestLog } from '../core/requests/request-log.ts';
import { fault } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { answerBrokenRequest } from './broken-requests.ts';
import { answerFault, installErrors } from './errors.ts';
import { type AuthenticationOptions, installAuthentication } from './plugins/authentication.ts';
import { installBodies, maxBodyBytes } from './plugins/bodies.ts';
import { installCors } from './plugins/cors.ts';
import { type FaultInjection, installFaults } from './plugins/faults.ts';
import { installNegotiation } from './plugins/negotiation.ts';
import { installNotFound, routerOptions } from './plugins/not-found.ts';
import { installObservation, requestIdOf } from './plugins/observation.ts';
import { installAnswerNoting, installRequestLog } from './plugins/request-log.ts';
import { installSending } from './plugins/sending.ts';
import { installStopping } from './plugins/stopping.ts';
import { buildSerializer } from './serialisers.ts';

export interface ServerOptions extends AuthenticationOptions {
  readonly log: Log;
  readonly corsOrigins: '*' | readonly string[];
  readonly trustProxy: boolean;
  /** Absent where calls are not kept. */
  readonly requestLog: RequestLog | undefined;
  /** Absent where nothing is made to fail. */
  readonly faults: FaultInjection | undefined;
  /** Milliseconds for calls that are on their way over open connections when the server stops. */
  readonly stopPatience: number;
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
    schemaController: { compilersFactory: { buildSerializer } },
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
  app.addSchema(SponsorProfile);
  installErrors(app, options.log);
  installNotFound(app);
  installObservation(app, options.metrics, options.log);
  if (options.requestLog !== undefined) installRequestLog(app, options.requestLog);
  installStopping(app, options.stopPatience);
  installSending(app);
  await installCors(app, options.corsOrigins);
  installNegotiation(app);
  installAuthentication(app, options);
  installFaults(app, options.faults);
  if (options.requestLog !== undefined) installAnswerNoting(app);
  await installBodies(app);
  app.addHook('onRequest', (request, _reply, done) => {
    // No text of the database can hold it, so nothing is called so.
    done(request.url.includes('%00') ? fault('071-400-malformed') : undefined);
  });
  return app;
}
