import { type Dialect, PostgresDialect } from 'kysely';

/** int8 comes as text by default; every one we store is below 2^53. */
const int8 = 20;

export async function postgresDialect(url: string, poolSize: number): Promise<Dialect> {
  // Loaded only where it is used: the embedded store needs none of it.
  const { default: pg } = await import('pg');
  pg.types.setTypeParser(int8, Number);
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    // A lock that does not come is a 503 for the caller, not a hang.
    options: '-c lock_timeout=10000 -c statement_timeout=60000 -c idle_in_transaction_session_timeout=60000',
  });
  // An idle connection that the server closes must not end the process; the next query gets a new one.
  pool.on('error', () => {});
  // Nor must one that breaks while it is in use: the query in it fails, which says enough.
  pool.on('connect', (client) => client.on('error', () => {}));
  return new PostgresDialect({ pool });
}
