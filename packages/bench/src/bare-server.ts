import { readFileSync } from 'node:fs';
import {
  Authorization,
  AuthorizationRequest,
  AuthorizationRequestCompleted,
  AuthorizationRequestCreate,
  Beneficiary,
  BeneficiarySearch,
  Dispensation,
  DispensationComplete,
  DispensationStart,
  Indication,
  IndicationCreate,
} from '@osigu-sandbox/contract';
import Fastify from 'fastify';
import type { TSchema } from 'typebox';
import type { Recorded } from './recording.ts';

/**
 * The yardstick: Fastify with its own AJV and its own serialiser over the contract's schemas, the routes of the mixed
 * flow and of the reads, constant answers. No tokens, no log, no database, no events.
 */
const [port, answersFile = ''] = process.argv.slice(2);
const answers = JSON.parse(readFileSync(answersFile, 'utf8')) as Recorded[];

interface Route {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body?: TSchema;
  readonly status: number;
  readonly response: TSchema;
}

const requests = '/arc/v1/authorization-requests';
const dispensations = '/dispensing/v1/dispensations';

const routes: readonly Route[] = [
  {
    method: 'POST',
    url: '/v1/sponsors/:id/search',
    body: BeneficiarySearch,
    status: 200,
    response: Beneficiary,
  },
  {
    method: 'POST',
    url: requests,
    body: AuthorizationRequestCreate,
    status: 201,
    response: AuthorizationRequest,
  },
  {
    method: 'POST',
    url: `${requests}/:id/indications`,
    body: IndicationCreate,
    status: 201,
    response: Indication,
  },
  {
    method: 'POST',
    url: `${requests}/:id/complete`,
    status: 200,
    response: AuthorizationRequestCompleted,
  },
  { method: 'POST', url: dispensations, body: DispensationStart, status: 201, response: Dispensation },
  {
    method: 'POST',
    url: `${dispensations}/:id/complete`,
    body: DispensationComplete,
    status: 200,
    response: Dispensation,
  },
  { method: 'GET', url: `${requests}/:id`, status: 200, response: AuthorizationRequest },
  { method: 'GET', url: '/arc/v1/authorizations/:id', status: 200, response: Authorization },
];

// Not strict: the contract documents itself with keywords that AJV does not know.
const app = Fastify({
  ajv: { customOptions: { strict: false, coerceTypes: false, removeAdditional: false } },
});
app.get('/readyz', async () => ({ ready: true }));
for (const { method, url, body, status, response } of routes) {
  const answer = answerTo(url);
  if (answer === undefined) continue;
  app.route({
    method,
    url,
    schema: { ...(body && { body }), response: { [status]: response } },
    handler: async (_request, reply) => {
      reply.code(status);
      return answer;
    },
  });
}
process.on('SIGTERM', () => process.exit(0));
await app.listen({ host: '127.0.0.1', port: Number(port) });

/** The recorded answer whose path fits the route. */
function answerTo(url: string): unknown {
  const pattern = new RegExp(`^${url.replaceAll(':id', '[^/]+')}$`);
  return answers.find(({ path }) => pattern.test(path))?.answer;
}
