import { type Kysely, sql } from 'kysely';

export type DialectName = 'sqlite' | 'postgres';

/** Words that differ between the dialects; migrations are written once with these. */
export interface Vocabulary {
  readonly dialect: DialectName;
  /** 64-bit integer. */
  readonly int: string;
  readonly bytes: string;
  /** Closes a CREATE TABLE. */
  readonly end: string;
}

export function vocabulary(dialect: DialectName): Vocabulary {
  return dialect === 'sqlite'
    ? { dialect, int: 'integer', bytes: 'blob', end: 'strict, without rowid' }
    : { dialect, int: 'bigint', bytes: 'bytea', end: '' };
}

/** Runs statements that are separated by blank lines. */
export async function run(db: Kysely<unknown>, statements: string): Promise<void> {
  for (const text of statements.split(/\n\s*\n/)) {
    if (text.trim() !== '') await sql.raw(text).execute(db);
  }
}

export type Transitions = Readonly<Record<string, readonly string[]>>;

/**
 * The database refuses a change of `status` that the state machine does not know, whoever asks for it.
 * The tables of `core/<noun>/rules.ts` are compared with these in a test.
 */
export async function guardStatus(
  db: Kysely<unknown>,
  dialect: DialectName,
  table: string,
  transitions: Transitions,
): Promise<void> {
  const pairs = Object.entries(transitions).flatMap(([from, targets]) =>
    targets.map((to) => `'${from}>${to}'`),
  );
  const allowed = `(old.status || '>' || new.status) in (${pairs.join(', ')})`;
  if (dialect === 'sqlite') {
    await sql
      .raw(
        `create trigger ${table}_status before update of status on ${table}
         when old.status <> new.status and not ${allowed}
         begin select raise(abort, 'illegal change of status in ${table}'); end`,
      )
      .execute(db);
    return;
  }
  await sql
    .raw(
      `create or replace function ${table}_status() returns trigger language plpgsql as $$
       begin raise exception 'illegal change of status in ${table}: % to %', old.status, new.status; end $$`,
    )
    .execute(db);
  await sql
    .raw(
      `create trigger ${table}_status before update of status on ${table} for each row
       when (old.status <> new.status and not ${allowed}) execute function ${table}_status()`,
    )
    .execute(db);
}

/** A later migration that knows more transitions. The list is the whole one. */
export async function replaceGuard(
  db: Kysely<unknown>,
  dialect: DialectName,
  table: string,
  transitions: Transitions,
): Promise<void> {
  const of = dialect === 'sqlite' ? '' : ` on ${table}`;
  await sql.raw(`drop trigger ${table}_status${of}`).execute(db);
  await guardStatus(db, dialect, table, transitions);
}
