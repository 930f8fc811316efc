import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What retention bounds; everything else grows with the business, or does not grow. */
const boundedTables = [
  'events',
  'deliveries',
  'delivery_attempts',
  'delivery_fault_uses',
  'outbox',
  'otps',
  'verification_tokens',
  'biometric_readings',
  'idempotency_keys',
  'request_log',
];

export interface StoreSize {
  /** Of the file and its log, MB. */
  readonly files: number;
  /** Of the tables that retention bounds, with their indexes, MB. */
  readonly bounded: number;
  /** Of all others, MB. */
  readonly others: number;
  /** In the file, to be written anew, MB. */
  readonly free: number;
  readonly rows: Readonly<Record<string, number>>;
}

const megabyte = 1_000_000;

/** Of the SQLite file of a server that may be running. */
export function sizeOfStore(dataDir: string): StoreSize {
  const path = join(dataDir, 'sandbox.sqlite');
  const bytes = [path, `${path}-wal`].map((file) => (existsSync(file) ? statSync(file).size : 0));
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const trees = database
      .prepare(
        `select coalesce(tbl_name, dbstat.name) as tbl, sum(pgsize) as bytes from dbstat
         left join sqlite_schema on sqlite_schema.name = dbstat.name where aggregate = true group by 1`,
      )
      .all() as { tbl: string; bytes: number }[];
    const sum = (which: (tbl: string) => boolean) =>
      trees.filter(({ tbl }) => which(tbl)).reduce((total, tree) => total + tree.bytes, 0) / megabyte;
    const free = database.prepare('pragma freelist_count').get() as { freelist_count: number };
    const page = database.prepare('pragma page_size').get() as { page_size: number };
    const rowsOf = (table: string) =>
      (database.prepare(`select count(*) as rows from ${table}`).get() as { rows: number }).rows;
    return {
      files: bytes.reduce((total, size) => total + size, 0) / megabyte,
      bounded: sum((tbl) => boundedTables.includes(tbl)),
      others: sum((tbl) => !boundedTables.includes(tbl)),
      free: (free.freelist_count * page.page_size) / megabyte,
      rows: Object.fromEntries(boundedTables.map((table) => [table, rowsOf(table)])),
    };
  } finally {
    database.close();
  }
}
