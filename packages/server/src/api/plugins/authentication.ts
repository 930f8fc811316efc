import type { Scope } from '@osigu-sandbox/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ClientRecord, findClient } from '../../core/providers/callers.ts';
import { hasExpired, type Tokens } from '../../core/tokens/tokens.ts';
import { type Fault, fault } from '../../platform/errors.ts';
import { equalInConstantTime } from '../../platform/hashing.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Store } from '../../store/store.ts';
import { type Allowance, addressLimit, type Limits } from '../limits.ts';
import type { Access } from '../request.ts';
import { identifyAs } from './request-log.ts';

export interface AuthenticationOptions {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly limits: Limits;
  readonly operatorKey: string;
  readonly metrics: Metrics;
}

/** Who calls, how often, and whether they may: before a byte of the body is read. */
export function installAuthentication(app: FastifyInstance, options: AuthenticationOptions): void {
  app.decorateRequest('caller', undefined);
  app.decorateRequest('operator', false);
  app.decorateRequest('identified', undefined);
  app.decorateRequest('findNamed', undefined);
  app.addHook('onRequest', async (request, reply) => {
    const { access, oauthErrors } = request.routeOptions.config;
    if (request.is404) await identify(request, reply, options);
    else if (access === undefined || oauthErrors === true) return;
    else if (access.kind === 'public') await countAddress(request, reply, options);
    else if (access.kind === 'control') await authenticateControl(request, access, options);
    else await authenticateClient(request, reply, access.scopes, options);
  });
}

async function authenticateClient(
  request: FastifyRequest,
  reply: FastifyReply,
  scopes: readonly Scope[],
  options: AuthenticationOptions,
): Promise<void> {
  const client = await identify(request, reply, options);
  if (client === undefined) throw refusal(bearerToken(request), options);
  if (scopes.length > 0 && !scopes.some((scope) => client.scopes.includes(scope))) {
    throw fault('071-403-scope', { message: `This call needs the scope ${scopes.join(' or ')}.` });
  }
  rejectOtherProvider(request, client);
  request.caller = client;
}

/** Counts the call to its client, or to its address where no live token came with it. */
async function identify(
  request: FastifyRequest,
  reply: FastifyReply,
  options: AuthenticationOptions,
): Promise<ClientRecord | undefined> {
  const client = await clientOfToken(bearerToken(request), options);
  if (client === undefined) await countAddress(request, reply, options);
  else {
    identifyAs(request, client);
    admit(reply, await options.limits.count('client', client.client_id, client.requests_per_minute));
  }
  return client;
}

async function countAddress(
  request: FastifyRequest,
  reply: FastifyReply,
  { limits }: AuthenticationOptions,
): Promise<void> {
  admit(reply, await limits.count('address', request.ip, addressLimit));
}

function admit(reply: FastifyReply, allowance: Allowance): void {
  showAllowance(reply, allowance);
  if (allowance.exceeded) throw fault('071-429', { retryAfter: allowance.reset });
}

async function authenticateControl(
  request: FastifyRequest,
  access: Extract<Access, { kind: 'control' }>,
  options: AuthenticationOptions,
): Promise<void> {
  const token = bearerToken(request);
  if (token !== undefined && equalInConstantTime(token, options.operatorKey)) {
    request.operator = true;
    return;
  }
  const client = await clientOfToken(token, options);
  if (client === undefined) throw refusal(token, options);
  if (!access.own) throw fault('071-403-operator');
  rejectOtherProvider(request, client);
  request.caller = client;
}

/** A provider in the path that is not the token's own; whether it exists is nobody's business. */
function rejectOtherProvider(request: FastifyRequest, client: ClientRecord): void {
  const { provider_slug } = request.params as { provider_slug?: string };
  if (provider_slug !== undefined && provider_slug !== client.provider_slug) {
    throw fault('071-403-provider-mismatch');
  }
}

async function clientOfToken(
  token: string | undefined,
  { tokens, store }: AuthenticationOptions,
): Promise<ClientRecord | undefined> {
  const claims = token === undefined ? undefined : await tokens.verify(token);
  if (claims === undefined) return undefined;
  const client = await findClient(store.db, claims.client_id);
  return client?.credential_version === claims.credential_version ? client : undefined;
}

/** Of the reasons only the operator is told: a stranger must not learn which tokens were good once. */
function refusal(token: string | undefined, { metrics }: AuthenticationOptions): Fault {
  metrics.bearerRefusals.inc({ reason: refusalReason(token) });
  return fault('071-401');
}

function refusalReason(token: string | undefined): 'missing' | 'expired' | 'invalid' {
  if (token === undefined) return 'missing';
  return hasExpired(token) ? 'expired' : 'invalid';
}

/** The scheme compares case-insensitively (O). */
export function bearerToken(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  return header === undefined ? undefined : /^bearer +([\x21-\x7e]{1,8192}) *$/i.exec(header)?.[1];
}

export function showAllowance(reply: FastifyReply, allowance: Allowance): void {
  reply.header('ratelimit-limit', allowance.limit);
  reply.header('ratelimit-remaining', allowance.remaining);
  reply.header('ratelimit-reset', allowance.reset);
}
