import { type Cell, literal, type RawDatabase, type Row } from './database.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const day = 86_400_000;

/** What is copied with one thing: rows by table, and what of them has to be another in every copy. */
export interface Kind {
  /** SQL: how the rows of one provider are found. */
  readonly tables: Readonly<Record<string, (provider: string) => string>>;
  /** Ids that are made anew. */
  readonly ids: RegExp;
  /** Tables with a column `number`, and the sequence that it comes from. */
  readonly numbered: Readonly<Record<string, string>>;
  /** SQL by column: what is unique besides. */
  readonly named: Readonly<Record<string, string>>;
}

const ofProvider = (provider: string) => `provider_id = ${provider}`;
const under = (key: string, parent: string) => (provider: string) =>
  `${key} in (select ${key} from ${parent} where provider_id = ${provider})`;

/** What grows with an authorization. */
export const authorizations: Kind = {
  tables: {
    authorization_requests: ofProvider,
    files: ofProvider,
    file_contents: under('file_id', 'files'),
    authorizations: ofProvider,
    authorization_lines: under('authorization_id', 'authorizations'),
    dispensations: ofProvider,
    dispensation_lines: under('dispensation_id', 'dispensations'),
    claims: ofProvider,
    claim_lines: under('claim_id', 'claims'),
    events: ofProvider,
    deliveries: ofProvider,
    delivery_attempts: under('delivery_id', 'deliveries'),
    due_work: ofProvider,
  },
  ids: /^(?:(?:areq|file|auth|dsp|clm|evt|dlv)_)?[0-9A-Z]{26}$/,
  numbered: {
    authorization_requests: 'authorization_request',
    files: 'file',
    authorizations: 'authorization',
    dispensations: 'dispensation_or_claim',
    claims: 'dispensation_or_claim',
  },
  named: {
    authorization_code: 's.code',
    code: 's.code',
    // One settles each claim for itself, the other in batches.
    sponsor_slug: "case s.n % 2 when 0 then 'sponsor-sandbox' else 'sponsor-sandbox-do' end",
  },
};

/** A tenant with its fixtures and its subscription; its client has the secret of the one that is copied. */
export const tenants: Kind = {
  tables: {
    providers: ofProvider,
    clients: ofProvider,
    affiliations: ofProvider,
    beneficiaries: ofProvider,
    doctors: ofProvider,
    provider_products: ofProvider,
    outbox: ofProvider,
    subscriptions: ofProvider,
    subscription_secrets: under('subscription_id', 'subscriptions'),
  },
  ids: /^(?:prv|branch|bnf|doc|out|whs)_[0-9A-Z]{26}$/,
  numbered: { providers: 'provider', beneficiaries: 'beneficiary' },
  named: { client_id: "'client_copy_' || s.n", provider_slug: "'clinic-copy-' || s.n" },
};

/** Where copies begin: how many there are of others already, and the day that they are of, counted back from today. */
export interface Past {
  readonly before: number;
  readonly daysAgo: number;
}

/**
 * `count` copies of what a provider has of a kind: an authorization with everything that belongs to it, or the provider
 * itself. The server is stopped meanwhile.
 */
export async function multiply(
  database: RawDatabase,
  kind: Kind,
  provider_id: string,
  count: number,
  past: Past,
): Promise<void> {
  if (count === 0) return;
  const provider = literal(provider_id, database.dialect);
  const template = new Map<string, readonly Row[]>();
  for (const [table, where] of Object.entries(kind.tables)) {
    const rows = await database.rows(`select * from ${table} where ${where(provider)}`);
    if (rows.length === 0) throw new Error(`There is nothing in ${table} that could be copied`);
    template.set(table, rows);
  }
  const copied = copying(kind, template, database.dialect);
  await database.run(seriesOf(database, count, past));
  const bases = await reserve(database, kind, template, count);
  for (const [table, rows] of template) {
    const base = bases.get(kind.numbered[table] ?? '');
    for (const [index, row] of rows.entries()) {
      const cells = Object.entries(row).map(([column, value]) =>
        column === 'number' && base !== undefined ? `${base + index * count} + s.n` : copied(column, value),
      );
      await database.run(
        `insert into ${table} (${Object.keys(row).join(', ')}) select ${cells.join(', ')} from bench_series as s`,
      );
    }
  }
  await database.run('drop table bench_series');
}

/** What a copy has in the place of a value: another id, name and moment, otherwise the same. */
function copying(
  { ids, named }: Kind,
  template: ReadonlyMap<string, readonly Row[]>,
  dialect: RawDatabase['dialect'],
): (column: string, value: Cell) => string {
  const renewed = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const value of [...template.values()].flat().flatMap((row) => Object.values(row))) {
    if (typeof value !== 'string' || renewed.has(value) || !ids.test(value)) continue;
    const prefix = value.slice(0, value.indexOf('_') + 1);
    const nth = counts.get(prefix) ?? 0;
    counts.set(prefix, nth + 1);
    renewed.set(value, `'${prefix}' || s.ulid || '${alphabet[nth]}'`);
  }
  return (column, value) => {
    const name = named[column];
    if (name !== undefined) return name;
    if (typeof value === 'string') return renewed.get(value) ?? literal(value, dialect);
    const isMoment = typeof value === 'number' && value > 0 && /(?:^|_)at(?:_real)?$/.test(column);
    return isMoment ? `${value} - s.age` : literal(value, dialect);
  };
}

/** `n` from 0, oldest first; `ulid` lacks its last character. Most codes have six digits, as the server's own have. */
function seriesOf({ dialect }: RawDatabase, count: number, { before, daysAgo }: Past): string {
  const sqlite = dialect === 'sqlite';
  const numbers = sqlite
    ? `with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n + 1 < ${count})`
    : `with numbers(n) as (select generate_series(0::bigint, ${count - 1}))`;
  const digits = (value: string, length: number) =>
    sqlite ? `printf('%0${length}d', ${value})` : `lpad((${value})::text, ${length}, '0')`;
  const time = Array.from(
    { length: 10 },
    (_, place) => `substr('${alphabet}', cast(made / ${32 ** (9 - place)} % 32 as integer) + 1, 1)`,
  ).join(' || ');
  const scattered = `(${before} + n) * 611953`;
  const prefix = `AUTH-${new Date().getUTCFullYear()}-`;
  return `create temporary table bench_series as
    ${numbers},
    moments as (select n, ${(daysAgo + 1) * day} - n * ${day} / ${count} as age from numbers),
    dated as (select n, age, ${Date.now()} - age as made,
      '${prefix}' || ${digits(`${scattered} % 1000000`, 6)} as short,
      '${prefix}' || ${digits(`${scattered} % 10000000`, 7)} as long from moments)
    select n, age, ${time} || ${digits(`${before} + n`, 15)} as ulid,
      case when ${before} + n < 900000
        and not exists (select 1 from authorizations where authorization_code = short)
        then short else long end as code
    from dated order by n`;
}

/** The first of so many numbers of each sequence, which the server will not draw any more. */
async function reserve(
  database: RawDatabase,
  { numbered }: Kind,
  template: ReadonlyMap<string, readonly Row[]>,
  count: number,
): Promise<ReadonlyMap<string, number>> {
  const bases = new Map<string, number>();
  for (const [table, sequence] of Object.entries(numbered)) {
    const needed = (template.get(table)?.length ?? 0) * count;
    const [block] = await database.rows(`select next_number from number_blocks where kind = '${sequence}'`);
    if (bases.has(sequence)) continue;
    bases.set(sequence, Number(block?.next_number));
    await database.run(
      `update number_blocks set next_number = next_number + ${needed} where kind = '${sequence}'`,
    );
  }
  return bases;
}

/** For as long as it is filled: no crash is to be survived, and copies refer to copies. */
export async function relax(database: RawDatabase): Promise<void> {
  await database.run(
    database.dialect === 'sqlite'
      ? 'pragma foreign_keys = off; pragma journal_mode = delete; pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -200000'
      : "set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '256MB'",
  );
}
