import { offsetAt } from '../../../engine/clock.ts';
import type { UnitOfWork, UnitsOfWork } from '../../../engine/unit-of-work.ts';
import { Fault, fault } from '../../../platform/errors.ts';
import { newRowId } from '../../../platform/ids.ts';
import { realNow } from '../../../platform/time.ts';
import { failureKind } from '../../../store/failures.ts';
import type { Numbers } from '../../../store/numbers.ts';
import type { Executor } from '../../../store/statement.ts';
import type { Store } from '../../../store/store.ts';
import { fromJson } from '../world/document.ts';
import { requireSponsors } from '../world/sponsors.ts';
import { insertRows } from '../world/store.ts';
import { rowCount, type World, withRows } from '../world/world.ts';
import { checkFile, refusedByDatabase } from './check.ts';
import type { ProviderFile } from './file.ts';
import { renumber } from './renumber.ts';

export interface Imported {
  readonly provider_id: string;
  readonly provider_slug: string;
  readonly rows: number;
}

/**
 * A provider as it was when it was exported: the same ids, codes and credentials, numbers of this sandbox, the clock at
 * the same moment. All or nothing: 422 for a document that is none of this version, 409 where the slug or something of
 * it is taken.
 */
export async function importProvider(units: UnitsOfWork, document: unknown): Promise<Imported> {
  const { store } = units;
  const file = await checkFile(store, document);
  const { provider_id, provider_slug } = file.provider;
  await requireFreeSlug(store.db, provider_slug);
  const world = await amongKnownOwners(store, provider_id, await renumber(store, fromJson(file.world)));
  try {
    await units.runFounding(
      (db, numbers) => insertProvider(db, numbers, file),
      async (uow) => settleIn(uow, world),
    );
  } catch (error) {
    if (error instanceof Fault) throw error;
    const kind = failureKind(error);
    if (kind === 'unique') throw fault('071-409-ids-taken', { cause: error });
    throw kind === 'other' ? refusedByDatabase(error) : error;
  }
  return { provider_id, provider_slug, rows: rowCount(world) };
}

async function requireFreeSlug(db: Executor, provider_slug: string): Promise<void> {
  const taken = await db
    .selectFrom('providers')
    .select('provider_id')
    .where('provider_slug', '=', provider_slug)
    .executeTakeFirst();
  if (taken !== undefined) throw fault('071-409-provider-exists');
}

async function insertProvider(db: Executor, numbers: Numbers, file: ProviderFile): Promise<string> {
  const { provider, clients, limit_lifts, world } = file;
  const { provider_id } = provider;
  await requireFreeSlug(db, provider.provider_slug);
  await db
    .insertInto('providers')
    .values({
      ...provider,
      ...world.provider,
      number: numbers.next('provider'),
      clock_offset: offsetAt(world.clock),
      imported_at_real: realNow(),
    })
    .execute();
  for (const client of clients)
    await db
      .insertInto('clients')
      .values({ ...client, provider_id })
      .execute();
  for (const lift of limit_lifts) {
    await db
      .insertInto('limit_lifts')
      .values({ ...lift, lift_id: newRowId(), provider_id })
      .execute();
  }
  return provider_id;
}

async function settleIn(uow: UnitOfWork, { tables }: World): Promise<void> {
  await requireSponsors(uow.db, tables);
  uow.announce(await insertRows(uow.db, tables, uow.provider.clock_offset));
}

/** Closed dispensations and claims on codes of a provider that is not here: nobody else's clock or events concern them. */
async function amongKnownOwners({ db }: Store, provider_id: string, world: World): Promise<World> {
  const rows = await db.selectFrom('providers').select('provider_id').execute();
  const known = new Set<unknown>([null, ...rows.map((row) => row.provider_id)]);
  const adopt = (owned: World, name: 'dispensations' | 'claims') =>
    withRows(owned, name, (row) =>
      known.has(row.owner_provider_id) ? row : { ...row, owner_provider_id: provider_id },
    );
  return adopt(adopt(world, 'dispensations'), 'claims');
}
