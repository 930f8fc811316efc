import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { selectLinesOfDispensation, selectLinesOfDispensations } from './lines/store.ts';
import { requireDispensation } from './open.ts';
import { type DispensationFilter, listDispensationRows } from './store.ts';
import { type DispensationView, dispensationView } from './view.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

export async function readDispensation(context: Context, dispensation_id: string): Promise<DispensationView> {
  const row = await requireDispensation(context, dispensation_id);
  return dispensationView(row, await selectLinesOfDispensation(context.db, { dispensation_id }));
}

export async function listDispensations(
  { db, provider }: Context,
  filter: DispensationFilter,
  window: { readonly limit: number; readonly offset: number },
): Promise<{ total: number; content: DispensationView[] }> {
  const { total, rows } = await listDispensationRows(db, provider.provider_id, filter, window);
  const lines = await selectLinesOfDispensations(
    db,
    rows.map((row) => row.dispensation_id),
  );
  return { total, content: rows.map((row) => dispensationView(row, lines.get(row.dispensation_id) ?? [])) };
}
