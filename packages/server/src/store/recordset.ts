import { type RawBuilder, SqliteAdapter, sql } from 'kysely';
import type { Executor } from './statement.ts';

export type Columns = Readonly<Record<string, 'text' | 'int'>>;

/**
 * Rows that are handed over as one parameter, the JSON text of an array of objects, to be used after `from`: one
 * statement and one round trip for as many as there are, and the same text however many that is.
 */
export function recordset(db: Executor, json: string, name: string, columns: Columns): RawBuilder<unknown> {
  const alias = sql.ref(name);
  if (isEmbedded(db)) {
    const members = Object.keys(columns).map(
      (column) => sql`value ->> ${sql.lit(`$.${column}`)} as ${sql.ref(column)}`,
    );
    return sql`(select ${sql.join(members)} from json_each(${json})) as ${alias}`;
  }
  const members = Object.entries(columns).map(
    ([column, type]) => sql`${sql.ref(column)} ${sql.raw(type === 'int' ? 'bigint' : 'text')}`,
  );
  return sql`json_to_recordset(${json}::json) as ${alias}(${sql.join(members)})`;
}

/** The members of one object, JSON text: a text `key` and an integer `value` each; to be used after `from`. */
export function members(
  db: Executor,
  json: string,
  name: string,
  { key, value }: { readonly key: string; readonly value: string },
): RawBuilder<unknown> {
  const alias = sql.ref(name);
  return isEmbedded(db)
    ? sql`(select key as ${sql.ref(key)}, value as ${sql.ref(value)} from json_each(${json})) as ${alias}`
    : sql`(select key as ${sql.ref(key)}, value::bigint as ${sql.ref(value)}
        from json_each_text(${json}::json)) as ${alias}`;
}

/** The elements of a JSON array of texts, to be used after `in`. */
export function textsOf(db: Executor, json: string): RawBuilder<unknown> {
  return isEmbedded(db)
    ? sql`(select value from json_each(${json}))`
    : sql`(select json_array_elements_text(${json}::json))`;
}

export function isEmbedded(db: Executor): boolean {
  return db.getExecutor().adapter instanceof SqliteAdapter;
}
