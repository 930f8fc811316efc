import { fault, type Issue, rejectIssues } from '../../../platform/errors.ts';
import { schemaVersion } from '../../../store/migrate.ts';
import type { Store } from '../../../store/store.ts';
import type { JsonWorld } from '../world/document.ts';
import { worldColumns, worldTables } from '../world/tables.ts';
import {
  clientColumns,
  fileFormat,
  fileVersion,
  liftColumns,
  type ProviderFile,
  providerColumns,
} from './file.ts';

/** 422 naming what is wrong, unless it is a file of this version that holds one provider's rows and nobody else's. */
export async function checkFile(store: Store, document: unknown): Promise<ProviderFile> {
  rejectIssues(versionIssues(document));
  const shape = shapeIssues(document as Record<string, unknown>);
  rejectIssues(shape);
  const file = document as ProviderFile;
  rejectIssues(tableIssues(file.world.tables, await columnsOf(store)));
  rejectIssues(tenantIssues(file));
  return file;
}

function versionIssues(document: unknown): Issue[] {
  if (!isRecord(document) || document.format !== fileFormat) {
    return [{ path: 'format', message: `must be ${fileFormat}` }];
  }
  if (document.version !== fileVersion) {
    return [{ path: 'version', message: `must be ${fileVersion}, the only one that this sandbox reads` }];
  }
  if (document.schema_version !== schemaVersion) {
    const message = `must be ${schemaVersion}: import with the version of the sandbox that exported`;
    return [{ path: 'schema_version', message }];
  }
  return [];
}

function shapeIssues({ provider, clients, limit_lifts, world }: Record<string, unknown>): Issue[] {
  const listed = (path: string, list: unknown, columns: readonly string[]) =>
    Array.isArray(list)
      ? list.flatMap((each, index) => recordIssues(`${path}[${index}]`, each, columns))
      : [{ path, message: 'must be a list' }];
  const issues = [
    ...recordIssues('provider', provider, providerColumns),
    ...listed('clients', clients, clientColumns),
    ...listed('limit_lifts', limit_lifts, liftColumns),
  ];
  if (!isRecord(world) || !Number.isSafeInteger(world.clock)) {
    return [...issues, { path: 'world.clock', message: 'must be milliseconds' }];
  }
  const own = recordIssues('world.provider', world.provider, worldColumns);
  return [
    ...issues,
    ...own,
    ...(isRecord(world.tables) ? [] : [{ path: 'world.tables', message: 'is required' }]),
  ];
}

function recordIssues(path: string, value: unknown, columns: readonly string[]): Issue[] {
  if (!isRecord(value)) return [{ path, message: 'is required' }];
  const members = columns.filter((column) => !isCell(value[column]));
  const unknown = Object.keys(value).filter((member) => !columns.includes(member));
  return [
    ...members.map((member) => ({
      path: `${path}.${member}`,
      message: 'must be a text, an integer or null',
    })),
    ...unknown.map((member) => ({ path: `${path}.${member}`, message: 'is unknown' })),
  ];
}

/** What is not made anew of each table, as the database has it. */
async function columnsOf({ db }: Store): Promise<ReadonlyMap<string, readonly string[]>> {
  const tables = await db.introspection.getTables();
  const columns = new Map(tables.map(({ name, columns: all }) => [name, all.map((column) => column.name)]));
  return new Map(
    worldTables.map(([name, { renewed }]) => [
      name,
      (columns.get(name) ?? []).filter((column) => !renewed?.includes(column)).sort(),
    ]),
  );
}

function tableIssues(tables: JsonWorld['tables'], known: ReadonlyMap<string, readonly string[]>): Issue[] {
  return Object.entries(tables).flatMap(([name, table]) => {
    const path = `world.tables.${name}`;
    const expected = known.get(name);
    if (expected === undefined) return [{ path, message: 'is unknown' }];
    if (!isRecord(table) || !Array.isArray(table.columns) || !Array.isArray(table.rows)) {
      return [{ path, message: 'must have columns and rows' }];
    }
    const { columns, rows } = table;
    if ([...columns].sort().join() !== expected.join()) {
      return [{ path: `${path}.columns`, message: `must be ${expected.join(', ')}` }];
    }
    const isRow = (row: unknown) => Array.isArray(row) && row.length === columns.length && row.every(isCell);
    const wrong = rows.findIndex((row) => !isRow(row));
    return wrong === -1
      ? []
      : [{ path: `${path}.rows[${wrong}]`, message: 'must hold a value for each column' }];
  });
}

/** Rows of other tenants are nobody's to bring. */
function tenantIssues({ provider, world: { tables } }: ProviderFile): Issue[] {
  const keysOf = (name: string, key: string) => {
    const at = tables[name]?.columns.indexOf(key) ?? -1;
    return (tables[name]?.rows ?? []).map((row) => row[at]);
  };
  return worldTables.flatMap(([name, { parents }]) => {
    const path = `world.tables.${name}`;
    if (parents === undefined) {
      const foreign = keysOf(name, 'provider_id').findIndex((id) => id !== provider.provider_id);
      return foreign === -1
        ? []
        : [{ path: `${path}.rows[${foreign}]`, message: 'belongs to another provider' }];
    }
    const [key, ...among] = parents;
    const known = new Set(among.flatMap((parent) => keysOf(parent, key)));
    const orphan = keysOf(name, key).findIndex((id) => !known.has(id));
    return orphan === -1 ? [] : [{ path: `${path}.rows[${orphan}]`, message: `has a ${key} of no row` }];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCell(value: unknown): boolean {
  return value === null || typeof value === 'string' || Number.isSafeInteger(value);
}

/** A text where the schema has an integer, an illegal state: whatever only the database notices. */
export function refusedByDatabase(cause: unknown): Error {
  return fault('071-422-validation', {
    errors: [{ path: 'world.tables', message: 'holds a row that the database refuses' }],
    cause,
  });
}
