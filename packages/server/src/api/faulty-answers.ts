import type { ErrorCode, RouteFault } from '@osigu-sandbox/contract';
import { errorRegistry } from '@osigu-sandbox/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Fault, fault } from '../platform/errors.ts';
import { putFault } from './errors.ts';

/** An injected status as an answer of the registry: what callers see has no shape that the API does not have. */
export function injectedFault(status: number, rule: RouteFault, request: FastifyRequest): Fault {
  const code = codeFor(status, request);
  return fault(code, {
    status,
    ...(status === 422 && { errors: [{ path: 'body', message: 'is refused by an injected fault' }] }),
    ...((status === 429 || status === 503) && { retryAfter: 1 }),
    // The registry's text may say that nothing was changed.
    ...(rule.when === 'after' && { message: 'An injected fault took the place of the answer.' }),
  });
}

/** Puts the fault in the place of an answer that is ready. Answers its text. */
export function replaceAnswer(failure: Fault, request: FastifyRequest, reply: FastifyReply): string {
  for (const name of headersOfAnswers) reply.removeHeader(name);
  return JSON.stringify(putFault(failure, request, reply));
}

/** They tell of an answer, not of the call or the connection. */
const headersOfAnswers = [
  'location',
  'content-length',
  'content-disposition',
  'idempotent-replayed',
  'retry-after',
] as const;

const general: Readonly<Record<number, ErrorCode>> = {
  400: '071-400-malformed',
  401: '071-401',
  403: '071-403-scope',
  404: '071-404-route',
  405: '071-405',
  406: '071-406',
  409: '071-409-idempotency-in-progress',
  413: '071-413',
  415: '071-415',
  422: '071-422-validation',
  429: '071-429',
  500: '071-500',
  502: '071-503',
  503: '071-503',
  504: '071-503',
};

/** What this route would answer with the status; where no route does, the nearest there is. */
function codeFor(status: number, request: FastifyRequest): ErrorCode {
  const announced = (request.routeOptions.schema as { 'x-codes'?: readonly ErrorCode[] } | undefined)?.[
    'x-codes'
  ];
  const usual = general[status];
  if (usual !== undefined && announced?.includes(usual) && status !== 409) return usual;
  const own = announced?.find((code) => errorRegistry[code].status === status);
  return own ?? usual ?? (status < 500 ? '071-400-malformed' : '071-500');
}
