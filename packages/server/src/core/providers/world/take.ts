import type { UnitOfWork } from '../../../engine/unit-of-work.ts';
import { claimExpiryKind } from '../../claims/open.ts';
import { timeoutKind } from '../../dispensing/open.ts';
import { type HeldByOthers, readOwnColumns, readRows, selectHeldByOthers } from './store.ts';
import { type Cell, type World, withRows } from './world.ts';

/**
 * Everything of the provider at this moment, for a transaction that locks it exclusively. What it shares with other
 * providers is let go of, as in a reset, for nobody can bring their side of it back: what others hold open of its
 * codes counts as free, and what it holds open of theirs as cancelled.
 */
export async function takeWorld(uow: UnitOfWork): Promise<World> {
  const { provider_id } = uow.provider;
  const world: World = {
    clock: uow.now,
    provider: await readOwnColumns(uow.db, provider_id),
    tables: await readRows(uow.db, provider_id),
  };
  return letGoOfOthers(withoutHeld(world, await selectHeldByOthers(uow.db, provider_id)), provider_id);
}

function withoutHeld(world: World, held: readonly HeldByOthers[]): World {
  if (held.length === 0) return world;
  const byLine = new Map<string, number>();
  for (const { document_id, line, quantity } of held) {
    const key = `${document_id} ${line}`;
    byLine.set(key, (byLine.get(key) ?? 0) + quantity);
  }
  const less = (id: string) => (row: Readonly<Record<string, Cell>>) => {
    const others = byLine.get(`${row[id]} ${row.line}`) ?? 0;
    return others === 0 ? row : { ...row, held_quantity: Number(row.held_quantity) - others };
  };
  const authorized = withRows(world, 'authorization_lines', less('authorization_id'));
  return withRows(authorized, 'prescription_lines', less('prescription_id'));
}

const reason = 'The pharmacy was restored.';

function letGoOfOthers(world: World, provider_id: string): World {
  const ended = new Set<Cell | undefined>();
  const isOpenElsewhere = (row: Readonly<Record<string, Cell>>, status: string) =>
    row.status === status && row.owner_provider_id !== null && row.owner_provider_id !== provider_id;

  const dispensed = withRows(world, 'dispensations', (row) => {
    if (!isOpenElsewhere(row, 'STARTED')) return row;
    ended.add(row.dispensation_id);
    return {
      ...row,
      status: 'CANCELLED',
      cancelled_at: world.clock,
      cancelled_by: 'PHARMACY',
      cancellation_reason: reason,
    };
  });
  const claimed = withRows(dispensed, 'claims', (row) => {
    if (!isOpenElsewhere(row, 'OPEN')) return row;
    ended.add(row.claim_id);
    return { ...row, status: 'VOIDED', voided_at: world.clock, void_reason: reason };
  });
  if (ended.size === 0) return world;
  return withRows(claimed, 'due_work', (row) =>
    (row.kind === timeoutKind || row.kind === claimExpiryKind) && ended.has(row.subject_id) ? undefined : row,
  );
}
