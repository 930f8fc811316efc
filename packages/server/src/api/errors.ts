import type { ErrorCode } from '@osigu-sandbox/contract';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault, fault } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { failureKind } from '../store/failures.ts';

/** The one envelope of every non-2xx answer, the token endpoint excepted (contract section 2). */
export function errorBody(failure: Fault, request_id: string) {
  return {
    code: failure.code,
    error_code: failure.code,
    message: failure.message,
    ...(failure.errors.length > 0 && { errors: failure.errors }),
    request_id,
  };
}

const byFrameworkCode: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: '071-415',
  FST_ERR_CTP_BODY_TOO_LARGE: '071-413',
  FST_REQ_FILE_TOO_LARGE: '071-413',
  FST_FILES_LIMIT: '071-413',
  FST_PARTS_LIMIT: '071-413',
  FST_FIELDS_LIMIT: '071-413',
  FST_ERR_BAD_URL: '071-400-malformed',
};

/** Whatever was thrown, as an answer of the registry. What is not known is ours: 500. */
function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (failureKind(error) === 'unavailable' || failureKind(error) === 'retry') {
    return fault('071-503', { retryAfter: 1, cause: error });
  }
  const { code, statusCode } = (error ?? {}) as Partial<FastifyError>;
  const known = code === undefined ? undefined : byFrameworkCode[code];
  if (known !== undefined) return fault(known, { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return fault('071-400-malformed', { cause: error });
  }
  return fault('071-500', { cause: error });
}

export function answerFault(failure: Fault, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = putFault(failure, request, reply);
  return reply
    .serializer((payload: unknown) => (typeof payload === 'string' ? payload : JSON.stringify(payload)))
    .send(body);
}

/** Status and headers of the answer; answers its body. */
export function putFault(failure: Fault, request: FastifyRequest, reply: FastifyReply): unknown {
  if (failure.status === 401) reply.header('www-authenticate', challengeOf(request));
  // An empty list: no method at all, for now (RFC 9110, section 10.2.1).
  if (failure.status === 405 && !reply.hasHeader('allow')) reply.header('allow', '');
  if (failure.retryAfter !== undefined) reply.header('retry-after', String(failure.retryAfter));
  request.errorCode = failure.code;
  reply.code(failure.status).type('application/json; charset=utf-8');
  return bodyFor(failure, request);
}

const oauthErrors: Readonly<Record<number, string>> = {
  401: 'invalid_client',
  429: 'rate_limited',
  503: 'temporarily_unavailable',
};

/** The token endpoint takes credentials, everything else a token. */
function challengeOf(request: FastifyRequest): string {
  return request.routeOptions.config.oauthErrors === true ? basicChallenge : 'Bearer';
}

export const basicChallenge = 'Basic realm="osigu-sandbox", charset="UTF-8"';

/** The token endpoint speaks RFC 6749, section 5.2, also when its request cannot be read. */
function bodyFor(failure: Fault, request: FastifyRequest): unknown {
  if (request.routeOptions.config.oauthErrors !== true) return errorBody(failure, request.id);
  const error = oauthErrors[failure.status] ?? (failure.status < 500 ? 'invalid_request' : 'server_error');
  return { error, error_description: failure.message };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the error that was answered, for the log. */
    errorCode: ErrorCode | undefined;
  }
}

export function installErrors(app: FastifyInstance, log: Log): void {
  app.decorateRequest('errorCode', undefined);
  app.setErrorHandler((error, request, reply) => {
    const failure = toFault(error);
    if (failure.status >= 500) {
      log.error(
        { err: failure.cause ?? failure, request_id: request.id, error_code: failure.code },
        'call failed',
      );
    }
    return answerFault(failure, request, reply);
  });
}
