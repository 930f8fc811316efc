import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type WorldTableName, worldTables } from './tables.ts';
import type { Cell, TableRows, World } from './world.ts';

/** A world as JSON: bytes are Base64. */
export type JsonCell = string | number | null;
export interface JsonWorld {
  readonly clock: number;
  readonly provider: Readonly<Record<string, JsonCell>>;
  readonly tables: Readonly<
    Record<string, { readonly columns: readonly string[]; readonly rows: readonly (readonly JsonCell[])[] }>
  >;
}

const bytesOf = new Map<string, string>(
  worldTables.flatMap(([name, { bytes }]) => (bytes === undefined ? [] : [[name, bytes] as const])),
);

export function toJson({ clock, provider, tables }: World): JsonWorld {
  const written = Object.entries(tables).map(
    ([name, table]) => [name, mapBytes(name, table, encoded)] as const,
  );
  return {
    clock,
    provider: provider as JsonWorld['provider'],
    tables: Object.fromEntries(written) as JsonWorld['tables'],
  };
}

export function fromJson({ clock, provider, tables }: JsonWorld): World {
  const read = Object.entries(tables).map(
    ([name, table]) => [name as WorldTableName, mapBytes(name, table, decoded)] as const,
  );
  return { clock, provider, tables: Object.fromEntries(read) };
}

const encoded = (cell: Cell | undefined) =>
  cell instanceof Uint8Array ? Buffer.from(cell).toString('base64') : (cell ?? null);
const decoded = (cell: Cell | undefined) => Buffer.from(String(cell), 'base64');

function mapBytes(name: string, table: TableRows, change: (cell: Cell | undefined) => Cell): TableRows {
  const column = bytesOf.get(name);
  if (column === undefined) return table;
  const at = table.columns.indexOf(column);
  return { ...table, rows: table.rows.map((row) => row.with(at, change(row[at]))) };
}

const deflate = promisify<Buffer, { level: number }, Buffer>(gzip);
const inflate = promisify<Uint8Array, Buffer>(gunzip);

/** Its size as text, and the text compressed, which is done beside the event loop. */
export async function packWorld(world: World): Promise<{ content: Buffer; size: number }> {
  const text = Buffer.from(JSON.stringify(toJson(world)));
  return { content: await deflate(text, { level: quick }), size: text.length };
}

/** Twice as fast as the usual level for an eighth more bytes. */
const quick = 2;

export async function unpackWorld(content: Uint8Array): Promise<{ world: World; size: number }> {
  const text = await inflate(content);
  return { world: fromJson(JSON.parse(text.toString())), size: text.length };
}
