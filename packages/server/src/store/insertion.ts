import { type RawBuilder, sql } from 'kysely';
import { type Columns, isEmbedded, recordset } from './recordset.ts';
import { change, changeEach, type Executor } from './statement.ts';

type RowOf<C extends Columns> = {
  readonly [Name in keyof C]: (C[Name] extends 'int' ? number : string) | null;
};

const rowsAtOnce = 500;

/**
 * Inserts any number of rows. The embedded store takes them one after the other, which costs it less than reading them
 * from JSON; over the network they go together. `conflict` ends the statement.
 */
export function insertion<C extends Columns>(
  table: string,
  columns: C,
  conflict: RawBuilder<unknown> = sql``,
) {
  const names = Object.keys(columns);
  const target = sql`${sql.table(table)} (${sql.join(names.map((name) => sql.ref(name)))})`;
  const each = changeEach<Record<string, unknown>>((db, row) => ({
    compile: () =>
      sql`insert into ${target} values (${sql.join(names.map((name) => row[name]))}) ${conflict}`.compile(db),
  }));
  const many = change<{ rows: string }>((db, { rows }) => ({
    compile: () =>
      sql`insert into ${target} select ${sql.join(names.map((name) => sql.ref(name)))}
        from ${recordset(db, rows, 'row', columns)} where true ${conflict}`.compile(db),
  }));
  return async (db: Executor, rows: readonly RowOf<C>[]): Promise<void> => {
    if (isEmbedded(db)) {
      await each(db, rows);
      return;
    }
    for (let start = 0; start < rows.length; start += rowsAtOnce) {
      await many(db, { rows: JSON.stringify(rows.slice(start, start + rowsAtOnce)) });
    }
  };
}
