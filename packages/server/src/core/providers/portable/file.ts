import type { ClientTable, LimitLiftTable, ProviderTable } from '../../../store/database.ts';
import type { JsonWorld } from '../world/document.ts';

export const fileFormat = 'osigu-sandbox-provider';
export const fileVersion = 1;

/**
 * One provider as one JSON document that any sandbox of the same version takes, whichever its database. Secrets of
 * subscriptions are in it as they are, those of clients as hashes. The clock stands still until the import.
 */
export interface ProviderFile {
  readonly format: typeof fileFormat;
  readonly version: typeof fileVersion;
  /** The newest migration of the sandbox that wrote it. */
  readonly schema_version: string;
  readonly exported_at: string;
  readonly provider: Pick<ProviderTable, (typeof providerColumns)[number]>;
  readonly clients: readonly Pick<ClientTable, (typeof clientColumns)[number]>[];
  readonly limit_lifts: readonly Pick<LimitLiftTable, (typeof liftColumns)[number]>[];
  readonly world: JsonWorld;
}

/** Its number is the target's to give, its clock is the world's. */
export const providerColumns = [
  'provider_id',
  'provider_slug',
  'name',
  'country_code',
  'contact_email',
  'provider_branch_id',
  'seed',
  'requests_per_minute',
  'token_requests_per_minute',
  'created_at_real',
  'reset_at_real',
] as const satisfies readonly (keyof ProviderTable)[];

export const clientColumns = [
  'client_id',
  'secret_hash',
  'credential_version',
  'scopes',
  'created_at_real',
] as const satisfies readonly (keyof ClientTable)[];

export const liftColumns = [
  'starts_at_real',
  'ends_at_real',
  'requests_per_minute',
  'token_requests_per_minute',
  'reason',
] as const satisfies readonly (keyof LimitLiftTable)[];
