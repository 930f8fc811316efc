import type { CountryCode, Scope } from '@osigu-sandbox/contract';
import { sql } from 'kysely';
import { realNow } from '../../platform/time.ts';
import { type Executor, statement } from '../../store/statement.ts';

/** A client with its provider and the limits in force at this moment. */
export interface ClientRecord {
  readonly client_id: string;
  readonly secret_hash: string;
  readonly credential_version: number;
  readonly scopes: readonly Scope[];
  readonly provider_id: string;
  readonly provider_slug: string;
  readonly provider_name: string;
  readonly country_code: CountryCode;
  readonly provider_branch_id: string;
  readonly clock_offset: number;
  readonly reset_at_real: number | null;
  readonly requests_per_minute: number;
  readonly token_requests_per_minute: number;
}

type Row = Omit<ClientRecord, 'scopes'> & {
  readonly scopes: string;
  readonly lifted_requests: number | null;
  readonly lifted_token_requests: number | null;
};

const liftOf = (column: 'requests_per_minute' | 'token_requests_per_minute', now: number) => sql<
  number | null
>`(
  select ${sql.ref(column)} from limit_lifts
  where limit_lifts.provider_id = providers.provider_id and starts_at_real <= ${now} and ends_at_real > ${now}
    and ${sql.ref(column)} is not null
  order by lift_id desc limit 1)`;

const selectClient = statement<{ client_id: string; now: number }, Row>((db, { client_id, now }) =>
  db
    .selectFrom('clients')
    .innerJoin('providers', 'providers.provider_id', 'clients.provider_id')
    .select([
      'client_id',
      'secret_hash',
      'credential_version',
      'scopes',
      'providers.provider_id',
      'provider_slug',
      'name as provider_name',
      'country_code',
      'provider_branch_id',
      'clock_offset',
      'reset_at_real',
      'providers.requests_per_minute',
      'providers.token_requests_per_minute',
      liftOf('requests_per_minute', now).as('lifted_requests'),
      liftOf('token_requests_per_minute', now).as('lifted_token_requests'),
    ])
    .where('client_id', '=', client_id),
);

export async function findClient(db: Executor, client_id: string): Promise<ClientRecord | undefined> {
  const [row] = await selectClient(db, { client_id, now: realNow() });
  if (row === undefined) return undefined;
  return {
    ...row,
    scopes: JSON.parse(row.scopes) as Scope[],
    requests_per_minute: row.lifted_requests ?? row.requests_per_minute,
    token_requests_per_minute: row.lifted_token_requests ?? row.token_requests_per_minute,
  };
}

/** What a reset changes of a provider: its world is another one now. */
export const selectWorld = statement<
  { provider_id: string },
  { reset_at_real: number | null; clock_offset: number }
>((db, { provider_id }) =>
  db.selectFrom('providers').select(['reset_at_real', 'clock_offset']).where('provider_id', '=', provider_id),
);
