import { countries, JsonWebKeySet, TokenError, TokenRequest, TokenResponse } from '@osigu-sandbox/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ClientRecord, findClient } from '../../core/providers/callers.ts';
import type { SecretChecker } from '../../core/providers/secrets.ts';
import { type SigningKeys, tokenLifeSeconds } from '../../core/tokens/signing-keys.ts';
import type { Tokens } from '../../core/tokens/tokens.ts';
import { fault } from '../../platform/errors.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Store } from '../../store/store.ts';
import type { Endpoints } from '../endpoint.ts';
import { basicChallenge } from '../errors.ts';
import { type Allowance, addressLimit, type Limits } from '../limits.ts';
import { showAllowance } from '../plugins/authentication.ts';
import type { FaultInjection } from '../plugins/faults.ts';
import { identifyAs } from '../plugins/request-log.ts';

export interface OauthOptions {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly keys: SigningKeys;
  readonly secrets: SecretChecker;
  readonly limits: Limits;
  readonly metrics: Metrics;
  /** Absent where there are no faults. */
  readonly faults: FaultInjection | undefined;
  readonly issuerOf: (request: FastifyRequest) => string;
}

/** RFC 6749, section 5.2. */
interface Refusal {
  readonly status: 400 | 401;
  readonly error: string;
  readonly error_description: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const defaultTokenLimit = 10;
const form = 'application/x-www-form-urlencoded';

export function oauthRoutes(endpoints: Endpoints, options: OauthOptions): void {
  endpoints.open({
    method: 'POST',
    url: '/v1/oauth/token',
    operationId: 'obtainToken',
    tag: 'Authentication',
    summary: 'Obtain an access token',
    description:
      'HTTP Basic with client id and secret; `grant_type=client_credentials` as form field or query parameter. ' +
      'Errors are those of RFC 6749. At most 10 calls a minute and client: keep the token for 50 minutes.',
    provenance: 'documented',
    access: { kind: 'public', basic: true },
    documentedBody: TokenRequest,
    bodyExample: { grant_type: 'client_credentials' },
    consumes: [form, 'application/json'],
    oauthErrors: true,
    arrive: (request, reply) => countAttempt(request, reply, options),
    answers: { 200: TokenResponse, 400: TokenError, 401: TokenError, 429: TokenError },
    open: ({ request, reply }) => tokenAnswer(request, reply, options),
  });

  endpoints.open({
    method: 'GET',
    url: '/v1/oauth/jwks.json',
    operationId: 'listSigningKeys',
    tag: 'Authentication',
    summary: 'Public keys of access tokens',
    provenance: 'sandbox',
    access: { kind: 'public' },
    answers: { 200: JsonWebKeySet },
    open: () => options.keys.publicJwks(),
  });
}

async function tokenAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  options: OauthOptions,
): Promise<unknown> {
  const outcome = await authenticate(request, reply, options);
  if ('error' in outcome) {
    options.metrics.tokenFailures.inc({ reason: outcome.error });
    if (outcome.headers !== undefined) reply.headers(outcome.headers);
    reply.code(outcome.status);
    return { error: outcome.error, error_description: outcome.error_description };
  }
  if (await options.faults?.meet(request, reply, outcome)) return reply;
  return {
    access_token: await options.tokens.issue(outcome, options.issuerOf(request)),
    token_type: 'bearer',
    expires_in: tokenLifeSeconds,
    scope: outcome.scopes.join(' '),
    extensions: {
      provider_slug: outcome.provider_slug,
      provider_branch_id: outcome.provider_branch_id,
      provider_branch_timezone: countries[outcome.country_code].timezone,
      client_name: outcome.provider_name,
    },
  };
}

/** Before the body is read: an attempt that cannot be read is an attempt. */
async function countAttempt(
  request: FastifyRequest,
  reply: FastifyReply,
  options: OauthOptions,
): Promise<void> {
  reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
  const credentials = basicCredentials(request.headers.authorization);
  if (credentials === undefined) return admitAttempt(reply, await countAddress(request, options), options);
  const client = await findClient(options.store.db, credentials.client_id);
  if (client !== undefined) identifyAs(request, client);
  const limit = client?.token_requests_per_minute ?? defaultTokenLimit;
  const subject = credentials.client_id.slice(0, 128);
  admitAttempt(reply, await options.limits.count('token', subject, limit), options);
}

function countAddress(request: FastifyRequest, { limits }: OauthOptions): Promise<Allowance> {
  return limits.count('token-address', request.ip, addressLimit);
}

function admitAttempt(reply: FastifyReply, allowance: Allowance, { metrics }: OauthOptions): void {
  showAllowance(reply, allowance);
  if (!allowance.exceeded) return;
  metrics.tokenFailures.inc({ reason: 'rate_limited' });
  throw fault('071-429', {
    message: `At most ${allowance.limit} token calls a minute. Keep the token and use it until it expires.`,
    retryAfter: allowance.reset,
  });
}

async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  options: OauthOptions,
): Promise<ClientRecord | Refusal> {
  const credentials = basicCredentials(request.headers.authorization);
  if (credentials === undefined) noteNamed(request, options);
  if (credentials === undefined || mentionsCredentials(request)) return invalidClient;
  const { client_id, client_secret } = credentials;
  const client = await findClient(options.store.db, client_id);
  const right = await options.secrets.check(client_id, client_secret, client?.secret_hash);
  if (right && client !== undefined) return refuseGrant(request) ?? client;
  // Guessing with ever new ids is counted per address; what is shown is the client's own window.
  const guesses = await countAddress(request, options);
  if (guesses.exceeded) admitAttempt(reply, guesses, options);
  return invalidClient;
}

const invalidClient: Refusal = {
  status: 401,
  error: 'invalid_client',
  error_description: 'Send client id and secret with HTTP Basic authentication.',
  headers: { 'www-authenticate': basicChallenge },
};

function basicCredentials(
  header: string | undefined,
): { client_id: string; client_secret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1 || text.includes('\u0000')) return undefined;
  return { client_id: text.slice(0, colon), client_secret: text.slice(colon + 1) };
}

/** D: credentials in the body are forbidden. */
function mentionsCredentials(request: FastifyRequest): boolean {
  const body = members(request.body);
  const query = members(request.query);
  return [body, query].some((part) => part.client_id !== undefined || part.client_secret !== undefined);
}

/** Who sends its credentials in the wrong place is to see that in its log. */
function noteNamed(request: FastifyRequest, { store }: OauthOptions): void {
  const client_id = members(request.body).client_id ?? members(request.query).client_id;
  if (typeof client_id !== 'string' || client_id.length > 128 || client_id.includes('\u0000')) return;
  request.findNamed = () => findClient(store.db, client_id);
}

function refuseGrant(request: FastifyRequest): Refusal | undefined {
  const grant = members(request.body).grant_type ?? members(request.query).grant_type;
  if (grant === 'client_credentials') return undefined;
  if (grant === undefined || grant === '') {
    return { status: 400, error: 'invalid_request', error_description: 'grant_type is missing.' };
  }
  if (typeof grant !== 'string') {
    return { status: 400, error: 'invalid_request', error_description: 'grant_type must be given once.' };
  }
  return {
    status: 400,
    error: 'unsupported_grant_type',
    error_description: 'Only client_credentials is supported.',
  };
}

function members(part: unknown): Record<string, unknown> {
  return typeof part === 'object' && part !== null ? (part as Record<string, unknown>) : {};
}
