import { join } from 'node:path';
import { type Child, freePort, startChild, untilReady } from './child.ts';
import { type Client, createClient } from './client.ts';

export interface Sandbox {
  readonly child: Child;
  readonly url: string;
  /** A new provider with limits that nothing here reaches. */
  provider(slug: string): Promise<Provider>;
  stop(): Promise<void>;
}

export interface Provider {
  readonly slug: string;
  readonly token: string;
  readonly beneficiary_id: string;
}

export const operatorKey = 'operator_of_the_benchmark';
const main = new URL('../../server/start.mjs', import.meta.url);

/**
 * The whole server as it is run, logging at its default level to a file: on SQLite in `directory`, unless the settings
 * name another database.
 */
export async function startSandbox(
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Sandbox> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const output = join(directory, 'sandbox.log');
  const place = { PORT: String(port), DATA_DIR: join(directory, 'data'), OPERATOR_KEY: operatorKey };
  const env = { ...place, ...settings };
  const child = startChild(main, [], env, output);
  await untilReady(`${url}/readyz`, child, output);
  return { child, url, provider: (slug) => createProvider(url, slug), stop: child.stop };
}

interface Sheet {
  readonly credentials: { readonly client_id: string; readonly client_secret: string };
  readonly beneficiaries: readonly {
    readonly beneficiary_id: string;
    readonly search: { readonly 'national-id': { readonly document_number: string } };
  }[];
}

/** The holder whose coverage is always active (contract section 14). */
export const person = { document_type: 'CC', document_number: '1000000001' } as const;

async function createProvider(url: string, slug: string): Promise<Provider> {
  const operator = createClient(url, { authorization: `Bearer ${operatorKey}`, connections: 1 });
  const sheet = (await operator.call('POST', '/_sandbox/v1/providers', {
    provider_slug: slug,
    name: slug,
    country_code: 'CO',
  })) as Sheet;
  const lifted = { requests_per_minute: 10_000_000, token_requests_per_minute: 10_000_000 };
  await operator.call('PUT', `/_sandbox/v1/providers/${slug}/limits`, lifted);
  await operator.stop();
  const found = sheet.beneficiaries.find(
    ({ search }) => search['national-id'].document_number === person.document_number,
  );
  if (found === undefined) throw new Error('The fixture person is missing');
  return { slug, token: await tokenOf(url, sheet), beneficiary_id: found.beneficiary_id };
}

async function tokenOf(url: string, { credentials }: Sheet): Promise<string> {
  const { client_id, client_secret } = credentials;
  const answer = await fetch(`${url}/v1/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  return access_token;
}

export function clientOf({ url }: Sandbox, provider: Provider, connections = 32): Client {
  return createClient(url, { authorization: `Bearer ${provider.token}`, connections });
}
