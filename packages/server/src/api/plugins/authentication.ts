import type { Scope } from '@osigu-sandbox/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ClientRecord, findClient } from '../../core/providers/callers.ts';
import type { Tokens } from '../../core/tokens/tokens.ts';
import { fault } from '../../platform/errors.ts';
import { equalInConstantTime } from '../../platform/hashing.ts';
import type { Store } from '../../store/store.ts';
import { type Allowance, addressLimit, type Limits } from '../limits.ts';
import type { Access } from '../request.ts';

export interface AuthenticationOptions {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly limits: Limits;
  readonly operatorKey: string;
}

/** Who calls, how often, and whether they may: before a byte of the body is read. */
export function installAuthentication(app: FastifyInstance, options: AuthenticationOptions): void {
  app.decorateRequest('caller', undefined);
  app.decorateRequest('operator', false);
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
  if (client === undefined) throw fault('071-401');
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
  else admit(reply, await options.limits.count('client', client.client_id, client.requests_per_minute));
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
  if (client === undefined) throw fault('071-401');
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

/** The scheme compares case-insensitively (O). */
function bearerToken(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  return header === undefined ? undefined : /^bearer +([\x21-\x7e]{1,8192}) *$/i.exec(header)?.[1];
}

export function showAllowance(reply: FastifyReply, allowance: Allowance): void {
  reply.header('ratelimit-limit', allowance.limit);
  reply.header('ratelimit-remaining', allowance.remaining);
  reply.header('ratelimit-reset', allowance.reset);
}
