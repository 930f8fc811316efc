import type { Environment } from '@osigu-sandbox/contract';
import type { Role } from './app.ts';

export interface FirstProvider {
  readonly provider_slug: string;
  readonly client_id: string;
  readonly client_secret: string;
  /** Where the credentials are kept; undefined when they are shown this once. */
  readonly file: string | undefined;
}

export interface Announcement {
  readonly baseUrl: string;
  readonly role: Role;
  readonly environment: Environment;
  readonly operatorKeyFile: string | undefined;
  readonly first: FirstProvider | undefined;
}

/** What a person reads after the start: where everything is, and a line to paste. */
export function openBanner({ baseUrl, role, environment, operatorKeyFile, first }: Announcement): string {
  const lines = [
    '',
    `  Osigu sandbox, an independent implementation (${environment}${role === 'all' ? '' : `, ${role}`})`,
    '',
    ...(role === 'work' ? workerLines(baseUrl) : apiLines(baseUrl)),
    ...(operatorKeyFile === undefined ? [] : [`  Operator key  ${operatorKeyFile}`]),
    ...(first === undefined ? [] : providerLines(baseUrl, first)),
    '',
    '',
  ];
  return lines.join('\n');
}

function apiLines(baseUrl: string): string[] {
  return [
    `  API           ${baseUrl}`,
    `  Docs          ${baseUrl}/docs`,
    `  OpenAPI       ${baseUrl}/openapi.json`,
  ];
}

function workerLines(baseUrl: string): string[] {
  return [`  Health        ${baseUrl}/healthz`, `  Metrics       ${baseUrl}/metrics`];
}

function providerLines(baseUrl: string, first: FirstProvider): string[] {
  const { provider_slug, client_id, client_secret, file } = first;
  return [
    '',
    `  Provider      ${provider_slug}`,
    `  Client id     ${client_id}`,
    `  Secret        ${client_secret}`,
    ...(file === undefined ? ['                (shown this once)'] : [`  Kept in       ${file}`]),
    '',
    '  Get a token:',
    '',
    `  curl -s -u ${client_id}:${client_secret} -d grant_type=client_credentials ${baseUrl}/v1/oauth/token`,
  ];
}
