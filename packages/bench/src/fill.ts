import { type Cell, literal, type RawDatabase, type Row } from './database.ts';

const ofProvider = (provider: string) => `provider_id = ${provider}`;
const under = (key: string, parent: string) => (provider: string) =>
  `${key} in (select ${key} from ${parent} where provider_id = ${provider})`;

/** What grows with an authorization, and how the rows of one provider are found. */
const tables = {
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
} as const;

/** Tables with a column `number`, and the sequence that it comes from. */
const numbered: Readonly<Record<string, string>> = {
  authorization_requests: 'authorization_request',
  files: 'file',
  authorizations: 'authorization',
  dispensations: 'dispensation_or_claim',
  claims: 'dispensation_or_claim',
};

const renewedPrefixes = /^(?:areq|file|auth|dsp|clm|evt|dlv)_[0-9A-Z]{26}$/;
const day = 86_400_000;

/** Where copies begin: how many there are of others already, and the day that they are of, counted back from today. */
export interface Past {
  readonly before: number;
  readonly daysAgo: number;
}

/**
 * Gives a provider `count` authorizations more with everything that belongs to one: copies of what is there now, that
 * is of one flow. The server is stopped meanwhile.
 */
export async function multiply(
  database: RawDatabase,
  provider_id: string,
  count: number,
  past: Past,
): Promise<void> {
  if (count === 0) return;
  const provider = literal(provider_id, database.dialect);
  const template = new Map<string, readonly Row[]>();
  for (const [table, where] of Object.entries(tables)) {
    const rows = await database.rows(`select * from ${table} where ${where(provider)}`);
    if (rows.length === 0) throw new Error(`The flow that is to be copied wrote nothing into ${table}`);
    template.set(table, rows);
  }
  const copied = copying(template, database.dialect);
  await database.run(seriesOf(database, count, past));
  const bases = await reserve(database, count);
  for (const [table, rows] of template) {
    const sequence = numbered[table];
    for (const row of rows) {
      const cells = Object.entries(row).map(([column, value]) =>
        column === 'number' && sequence !== undefined
          ? `${bases.get(sequence)} + s.n`
          : copied(column, value),
      );
      await database.run(
        `insert into ${table} (${Object.keys(row).join(', ')}) select ${cells.join(', ')} from bench_series as s`,
      );
    }
  }
  await database.run('drop table bench_series');
}

/** What a copy has in the place of a value: another id, code and moment, otherwise the same. */
function copying(
  template: ReadonlyMap<string, readonly Row[]>,
  dialect: RawDatabase['dialect'],
): (column: string, value: Cell) => string {
  const renewed = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const row of [...template.values()].flat()) {
    for (const [column, value] of Object.entries(row)) {
      if (typeof value !== 'string' || renewed.has(value)) continue;
      if (column !== 'work_id' && !renewedPrefixes.test(value)) continue;
      const prefix = column === 'work_id' ? '' : value.slice(0, value.indexOf('_') + 1);
      const nth = counts.get(prefix) ?? 0;
      counts.set(prefix, nth + 1);
      renewed.set(value, `'${prefix}' || s.ulid || '${nth}'`);
    }
  }
  return (column, value) => {
    if (typeof value === 'string') {
      if (/^(?:authorization_)?code$/.test(column)) return 's.code';
      return renewed.get(value) ?? literal(value, dialect);
    }
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
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const time = Array.from(
    { length: 10 },
    (_, place) => `substr('${alphabet}', cast(made / ${32 ** (9 - place)} % 32 as integer) + 1, 1)`,
  ).join(' || ');
  const scattered = `(${before} + n) * 611953`;
  const year = new Date().getUTCFullYear();
  return `create temporary table bench_series as
    ${numbers},
    moments as (select n, ${(daysAgo + 1) * day} - n * ${day} / ${count} as age from numbers),
    dated as (select n, age, ${Date.now()} - age as made from moments)
    select n, age, ${time} || ${digits(`${before} + n`, 15)} as ulid,
      'AUTH-${year}-' || case when ${before} + n < 900000 then ${digits(`${scattered} % 1000000`, 6)}
        else ${digits(`${scattered} % 10000000`, 7)} end as code
    from dated order by n`;
}

/** The first of so many numbers of each sequence, which the server will not draw any more. */
async function reserve(database: RawDatabase, count: number): Promise<ReadonlyMap<string, number>> {
  const bases = new Map<string, number>();
  for (const { kind, next_number } of await database.rows('select kind, next_number from number_blocks')) {
    bases.set(String(kind), Number(next_number));
  }
  await database.run(`update number_blocks set next_number = next_number + ${count}`);
  return bases;
}

/** For as long as it is filled: no crash is to be survived, and copies refer to copies. */
export async function relax(database: RawDatabase): Promise<void> {
  await database.run(
    database.dialect === 'sqlite'
      ? 'pragma foreign_keys = off; pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -200000'
      : "set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '256MB'",
  );
}
