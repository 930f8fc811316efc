import { randomUUID } from 'node:crypto';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import pino from 'pino';
import { inject } from 'vitest';
import { createSandbox, type Sandbox, type SandboxOptions } from '../src/app.ts';
import { hashing } from '../src/core/providers/secrets.ts';
import { template } from './template.ts';

// Threads of the server find what was compiled before, as they do where it is run.
enableCompileCache(
  fileURLToPath(new URL('../../../node_modules/.cache/osigu-sandbox-tests', import.meta.url)),
);

/** A sandbox of its own, on the dialect of the project that runs the test; nothing listens on a port. */
export interface TestSandbox {
  readonly sandbox: Sandbox;
  /** A new provider with its fixtures and limits that no test reaches. */
  provider(options?: ProviderOptions): Promise<TestProvider>;
  /** A call with the operator key. */
  operator(method: Method, url: string, body?: unknown): Promise<Reply>;
  /** A call without credentials, or with headers of the test's own. */
  call(method: Method, url: string, options?: CallOptions): Promise<Reply>;
  stop(): Promise<void>;
}

export interface ProviderOptions {
  readonly scopes?: readonly string[];
  readonly country_code?: string;
  readonly limits?: 'standard' | 'lifted';
}

export interface TestProvider {
  readonly slug: string;
  readonly provider_id: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly token: string;
  readonly sheet: Json;
  call(method: Method, url: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** The id that this provider knows the person by. */
  beneficiary(document_number?: string): string;
  /** Moves this provider's clock. */
  advance(seconds: number): Promise<Json>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD';
// biome-ignore lint/suspicious/noExplicitAny: tests read answers freely; what they read is what they check.
export type Json = any;

export interface Reply {
  readonly status: number;
  readonly headers: Record<string, string | undefined>;
  readonly body: Json;
  readonly text: string;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly remoteAddress?: string;
}

export const operatorKey = 'operator_test_key_0123456789';

hashing.N = 16;

export async function startSandbox(
  options: {
    worker?: boolean;
    hosted?: boolean;
    environment?: 'sandbox' | 'production';
    smtpUrl?: string;
    requestLog?: SandboxOptions['requestLog'];
    webhookRanges?: readonly string[];
    nameServers?: readonly string[];
    /** Another than one of its own on the dialect of the project. */
    database?: string;
    role?: SandboxOptions['role'];
    redisUrl?: string;
  } = {},
): Promise<TestSandbox> {
  const database =
    options.database === undefined
      ? await createDatabase()
      : { location: options.database, drop: async () => {} };
  const sandbox = await createSandbox({
    database: database.location,
    environment: options.environment ?? 'sandbox',
    hosted: options.hosted ?? false,
    operatorKey,
    publicUrl: undefined,
    smtpUrl: options.smtpUrl,
    ...(options.webhookRanges !== undefined && { webhookRanges: options.webhookRanges }),
    ...(options.nameServers !== undefined && { nameServers: options.nameServers }),
    corsOrigins: '*',
    log: pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' }),
    poolSize: 10,
    ...(options.requestLog !== undefined && { requestLog: options.requestLog }),
    ...(options.role !== undefined && { role: options.role }),
    redisUrl: options.redisUrl,
  });
  await sandbox.app.ready();
  if (options.worker === true) sandbox.startWorker();

  const call = async (
    method: Method,
    url: string,
    { body, headers = {}, remoteAddress }: CallOptions = {},
  ) => {
    const isText = typeof body === 'string' || Buffer.isBuffer(body);
    const response = await sandbox.app.inject({
      method,
      url,
      headers: { ...(body !== undefined && !isText && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { payload: isText ? body : JSON.stringify(body) }),
      ...(remoteAddress !== undefined && { remoteAddress }),
    });
    return {
      status: response.statusCode,
      headers: response.headers as Record<string, string | undefined>,
      body: parse(response.payload),
      text: response.payload,
    };
  };
  const operator = (method: Method, url: string, body?: unknown) =>
    call(method, url, { body, headers: { authorization: `Bearer ${operatorKey}` } });

  return {
    sandbox,
    call,
    operator,
    provider: (providerOptions) => createTestProvider(call, operator, providerOptions),
    stop: async () => {
      await sandbox.stop();
      await database.drop();
    },
  };
}

type Call = TestSandbox['call'];
type Operator = TestSandbox['operator'];

export async function createTestProvider(
  call: Call,
  operator: Operator,
  options: ProviderOptions = {},
): Promise<TestProvider> {
  const slug = `p-${randomUUID().slice(0, 13)}`;
  const { body: sheet } = await operator('POST', '/_sandbox/v1/providers', {
    provider_slug: slug,
    name: `Provider ${slug}`,
    country_code: options.country_code ?? 'CO',
    contact_email: 'integrations@provider.example',
    ...(options.scopes && { scopes: options.scopes }),
  });
  if (options.limits !== 'standard') {
    const lifted = { requests_per_minute: 1_000_000, token_requests_per_minute: 1_000_000 };
    await operator('PUT', `/_sandbox/v1/providers/${slug}/limits`, lifted);
  }
  const { client_id, client_secret } = sheet.credentials;
  const { body: granted } = await call('POST', '/v1/oauth/token', {
    body: 'grant_type=client_credentials',
    headers: { ...basic(client_id, client_secret), 'content-type': 'application/x-www-form-urlencoded' },
  });
  const token: string = granted.access_token;
  const own = (method: Method, url: string, body?: unknown, headers: Record<string, string> = {}) =>
    call(method, url, { body, headers: { authorization: `Bearer ${token}`, ...headers } });
  return {
    slug,
    provider_id: sheet.provider_id,
    client_id,
    client_secret,
    token,
    sheet,
    call: own,
    beneficiary: (document_number = '1000000001') =>
      sheet.beneficiaries.find(
        (person: Json) => person.search['national-id'].document_number === document_number,
      ).beneficiary_id,
    advance: async (seconds) =>
      (await own('POST', `/_sandbox/v1/providers/${slug}/clock/advance`, { seconds })).body,
  };
}

export function basic(client_id: string, client_secret: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Migrated already, unless it is to be empty. */
export async function createDatabase({ empty = false } = {}): Promise<{
  location: string;
  drop: () => Promise<void>;
}> {
  if (inject('dialect') === 'sqlite') return { location: ':memory:', drop: async () => {} };
  const maintenance = inject('postgresUrl') ?? '';
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await onServer(maintenance, `create database ${name}${empty ? '' : ` template ${template}`}`);
  return {
    location: maintenance.replace(/postgres$/, name),
    drop: () => onServer(maintenance, `drop database ${name} with (force)`),
  };
}

export async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}
