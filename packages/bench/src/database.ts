import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';

export type Cell = string | number | Uint8Array | null;
export type Row = Readonly<Record<string, Cell>>;

/** The database of a sandbox, looked at and written to without it. */
export interface RawDatabase {
  readonly dialect: 'sqlite' | 'postgres';
  run(text: string): Promise<void>;
  rows(text: string): Promise<readonly Row[]>;
  stop(): Promise<void>;
}

/** By the file or the `postgres://` URL of a sandbox. */
export function openDatabase(location: string): Promise<RawDatabase> {
  return location.startsWith('postgres:') ? openServer(location) : Promise.resolve(openFile(location));
}

function openFile(path: string): RawDatabase {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  return {
    dialect: 'sqlite',
    run: async (text) => database.exec(text),
    rows: async (text) => database.prepare(text).all() as Row[],
    stop: async () => database.close(),
  };
}

async function openServer(url: string): Promise<RawDatabase> {
  const client = new pg.Client({ connectionString: url });
  // Every integer of the schema is below 2^53.
  client.setTypeParser(20, Number);
  await client.connect();
  return {
    dialect: 'postgres',
    run: async (text) => {
      await client.query(text);
    },
    rows: async (text) => (await client.query<Row>(text)).rows,
    stop: () => client.end(),
  };
}

export function literal(value: Cell, dialect: RawDatabase['dialect']): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  const bytes = Buffer.from(value).toString('hex');
  return dialect === 'sqlite' ? `x'${bytes}'` : `decode('${bytes}', 'hex')`;
}
