import type { CountryCode, Scope } from '@osigu-sandbox/contract';
import { realNow } from '../../platform/time.ts';
import { type Executor, lookup } from '../../store/statement.ts';

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
  readonly fault_plan_id: string | null;
  readonly requests_per_minute: number;
  readonly token_requests_per_minute: number;
}

type Row = Omit<ClientRecord, 'scopes'> & Lift & { readonly scopes: string };

/** All null where the provider never had one. */
interface Lift {
  readonly starts_at_real: number | null;
  readonly ends_at_real: number | null;
  readonly lifted_requests: number | null;
  readonly lifted_token_requests: number | null;
}

/** One row per lift, latest first. Looked at for every call: a rotation, a lift and a reset hold at once. */
const selectClient = lookup<{ client_id: string }, Row>(
  ['clients', 'providers', 'limit_lifts'],
  (db, { client_id }) =>
    db
      .selectFrom('clients')
      .innerJoin('providers', 'providers.provider_id', 'clients.provider_id')
      .leftJoin('limit_lifts', 'limit_lifts.provider_id', 'providers.provider_id')
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
        'fault_plan_id',
        'providers.requests_per_minute',
        'providers.token_requests_per_minute',
        'starts_at_real',
        'ends_at_real',
        'limit_lifts.requests_per_minute as lifted_requests',
        'limit_lifts.token_requests_per_minute as lifted_token_requests',
      ])
      .where('client_id', '=', client_id)
      .orderBy('lift_id', 'desc'),
);

export async function findClient(db: Executor, client_id: string): Promise<ClientRecord | undefined> {
  const rows = await selectClient(db, { client_id });
  const [row] = rows;
  if (row === undefined) return undefined;
  const now = realNow();
  const inForce = rows.filter((lift) => isInForce(lift, now));
  const lifted = inForce.find((lift) => lift.lifted_requests !== null);
  const liftedTokens = inForce.find((lift) => lift.lifted_token_requests !== null);
  return {
    ...row,
    scopes: JSON.parse(row.scopes) as Scope[],
    requests_per_minute: lifted?.lifted_requests ?? row.requests_per_minute,
    token_requests_per_minute: liftedTokens?.lifted_token_requests ?? row.token_requests_per_minute,
  };
}

function isInForce({ starts_at_real, ends_at_real }: Lift, now: number): boolean {
  return starts_at_real !== null && ends_at_real !== null && starts_at_real <= now && ends_at_real > now;
}

/** What a reset changes of a provider: its world is another one now. */
export const selectWorld = lookup<
  { provider_id: string },
  { reset_at_real: number | null; clock_offset: number }
>(['providers'], (db, { provider_id }) =>
  db.selectFrom('providers').select(['reset_at_real', 'clock_offset']).where('provider_id', '=', provider_id),
);
