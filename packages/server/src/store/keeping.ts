/** What a statement answered: shared by all who ask the same, so nobody changes it. */
export interface Kept {
  readonly rows: unknown[];
  readonly changes: number;
}

export interface Keeping {
  /** The answer for the parameters, from memory where it is there; `run` reads what is committed. */
  lookUp(lookup: Lookup, run: () => Kept): Kept;
  /** As `lookUp`, for a transaction, which sees what it wrote and nobody else sees yet. */
  lookUpInside(lookup: Lookup, run: () => Kept): Kept;
  /** To be told of every statement before it runs. */
  writes(table: string): void;
  /** To be told of every commit before it happens. */
  commits(): void;
}

interface Lookup {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly tables: readonly string[];
}

const maxAnswers = 5_000;

/**
 * Answers that depend on nothing but their parameters and on tables that are seldom written are kept until one of
 * those is. Only for a database that nobody but this process writes to.
 */
export function createKeeping(): Keeping {
  const answersOf = new Map<string, Map<unknown, Kept>>();
  const byTable = new Map<string, Map<unknown, Kept>[]>();
  const written = new Set<string>();

  function answersFor({ sql, tables }: Lookup): Map<unknown, Kept> {
    const known = answersOf.get(sql);
    if (known !== undefined) return known;
    const answers = new Map<unknown, Kept>();
    answersOf.set(sql, answers);
    for (const table of tables) byTable.set(table, [...(byTable.get(table) ?? []), answers]);
    return answers;
  }

  function lookUp(lookup: Lookup, run: () => Kept): Kept {
    const { parameters } = lookup;
    const key = parameters.length === 1 ? parameters[0] : JSON.stringify(parameters);
    const answers = answersFor(lookup);
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = run();
    if (answers.size >= maxAnswers) answers.clear();
    answers.set(key, answer);
    return answer;
  }

  return {
    lookUp,
    lookUpInside: (lookup, run) =>
      written.size > 0 && lookup.tables.some((table) => written.has(table)) ? run() : lookUp(lookup, run),
    writes: (table) => {
      if (byTable.has(table)) written.add(table);
    },
    commits: () => {
      for (const table of written) for (const answers of byTable.get(table) ?? []) answers.clear();
      written.clear();
    },
  };
}

/** The table that a statement writes, if it is one that writes. */
export function tableWritten(sql: string): string | undefined {
  return /^\s*(?:insert\s+into|update|delete\s+from)\s+"?(\w+)/i.exec(sql)?.[1];
}
