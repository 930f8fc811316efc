import type { CountryCode } from '@osigu-sandbox/contract';
import { sql } from 'kysely';
import type { DialectName } from '../store/migrations/schema.ts';
import { type Executor, lookup, statement } from '../store/statement.ts';

/** What a transaction knows of its tenant. */
export interface ProviderContext {
  readonly provider_id: string;
  readonly provider_slug: string;
  readonly country_code: CountryCode;
  readonly provider_branch_id: string;
  readonly clock_offset: number;
  /** When it was last reset or restored: tells one world of its data from the next. */
  readonly reset_at_real: number | null;
}

const columns = [
  'provider_id',
  'provider_slug',
  'country_code',
  'provider_branch_id',
  'clock_offset',
  'reset_at_real',
] as const;

const readOnEmbedded = lookup<{ provider_id: string }, ProviderContext>(
  ['providers'],
  (db, { provider_id }) => db.selectFrom('providers').select(columns).where('provider_id', '=', provider_id),
);

// Shared: many transactions of a provider run at once, but none while its clock moves or it is being reset.
const readShared = statement<{ provider_id: string }, ProviderContext>((db, { provider_id }) =>
  db.selectFrom('providers').select(columns).where('provider_id', '=', provider_id).modifyEnd(sql`for share`),
);

const readExclusive = statement<{ provider_id: string }, ProviderContext>((db, { provider_id }) =>
  db
    .selectFrom('providers')
    .select(columns)
    .where('provider_id', '=', provider_id)
    .modifyEnd(sql`for update`),
);

export type LockMode = 'shared' | 'exclusive';

/** Reads and locks the tenant's row for this transaction; the embedded store has one writer anyway. */
export async function lockProvider(
  db: Executor,
  dialect: DialectName,
  provider_id: string,
  mode: LockMode,
): Promise<ProviderContext | undefined> {
  if (dialect === 'sqlite') return (await readOnEmbedded(db, { provider_id }))[0];
  const read = mode === 'shared' ? readShared : readExclusive;
  return (await read(db, { provider_id }))[0];
}
