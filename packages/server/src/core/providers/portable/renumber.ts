import { type NumberedKind, reserveNumbers } from '../../../store/numbers.ts';
import type { Store } from '../../../store/store.ts';
import { worldTables } from '../world/tables.ts';
import { type World, withRows } from '../world/world.ts';

/**
 * Every sandbox begins to count at the same number, so that those of another one are taken here or will be: all are
 * drawn anew, in the same order. What has one number keeps having one, as a claim that is born from a dispensation.
 */
export async function renumber(store: Store, world: World): Promise<World> {
  const numbered = worldTables.flatMap(([name, { numbered: kind }]) =>
    kind === undefined ? [] : [{ name, kind }],
  );
  let renumbered = world;
  for (const [kind, tables] of Map.groupBy(numbered, (each) => each.kind)) {
    const names = tables.map(({ name }) => name);
    const given = await giveNumbers(store, kind, numbersOf(world, names));
    for (const name of names) {
      renumbered = withRows(renumbered, name, (row) => ({
        ...row,
        number: given.get(Number(row.number)) ?? null,
      }));
    }
  }
  return renumbered;
}

function numbersOf({ tables }: World, names: readonly (keyof World['tables'])[]): readonly number[] {
  const all = names.flatMap((name) => {
    const at = tables[name]?.columns.indexOf('number') ?? -1;
    return (tables[name]?.rows ?? []).map((row) => Number(row[at]));
  });
  return [...new Set(all)].sort((a, b) => a - b);
}

async function giveNumbers(
  store: Store,
  kind: NumberedKind,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  if (numbers.length === 0) return new Map();
  const first = await reserveNumbers(store, kind, numbers.length);
  return new Map(numbers.map((number, index) => [number, first + index]));
}
