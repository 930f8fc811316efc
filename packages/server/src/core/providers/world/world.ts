import type { WorldTableName } from './tables.ts';

export type Cell = string | number | null | Uint8Array;

/** Rows of one table, without the columns that are made anew. */
export interface TableRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Everything of one provider at one moment. Shared and kept in memory: nobody changes it. */
export interface World {
  /** What the provider's clock showed, milliseconds. */
  readonly clock: number;
  /** Columns of its own row. */
  readonly provider: Readonly<Record<string, Cell>>;
  /** Only tables that have rows. */
  readonly tables: Readonly<Partial<Record<WorldTableName, TableRows>>>;
}

export function rowCount({ tables }: World): number {
  return Object.values(tables).reduce((total, { rows }) => total + rows.length, 0);
}

/** The world with the rows of some tables replaced; a table without rows is left out. */
export function withRows(
  world: World,
  name: WorldTableName,
  change: (row: Readonly<Record<string, Cell>>) => Readonly<Record<string, Cell>> | undefined,
): World {
  const table = world.tables[name];
  if (table === undefined) return world;
  const { columns } = table;
  const rows = table.rows.flatMap((cells) => {
    const changed = change(
      Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? null])),
    );
    return changed === undefined ? [] : [columns.map((column) => changed[column] ?? null)];
  });
  const { [name]: _, ...others } = world.tables;
  return { ...world, tables: rows.length === 0 ? others : { ...world.tables, [name]: { columns, rows } } };
}
