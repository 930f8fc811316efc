import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { lastRefusals } from '../settlements/membership.ts';
import { filesOfClaims, inheritedBy } from './files/read.ts';
import { selectLinesOfClaims } from './lines/store.ts';
import { requireClaim } from './open.ts';
import type { ClaimFamily } from './rules.ts';
import { type ClaimFilter, type ClaimRow, listClaimRows } from './store.ts';
import { type ClaimView, claimView } from './view.ts';

type Context = Pick<UnitOfWork, 'db' | 'provider'>;

export async function readClaim(context: Context, family: ClaimFamily, claim_id: string): Promise<ClaimView> {
  return describeClaim(context, await requireClaim(context, family, claim_id));
}

export async function listClaims(
  context: Context,
  filter: ClaimFilter,
  window: { readonly limit: number; readonly offset: number },
): Promise<{ total: number; content: ClaimView[] }> {
  const { total, rows } = await listClaimRows(context.db, context.provider.provider_id, filter, window);
  return { total, content: await describeClaims(context, rows) };
}

export async function describeClaim(context: Context, row: ClaimRow): Promise<ClaimView> {
  const [view] = await describeClaims(context, [row]);
  if (view === undefined) throw new Error('One row makes one view');
  return view;
}

/** A fixed number of queries however many there are. */
async function describeClaims(context: Context, rows: readonly ClaimRow[]): Promise<ClaimView[]> {
  const ids = rows.map((row) => row.claim_id);
  const lines = await selectLinesOfClaims(context.db, ids);
  const inherited = await inheritedBy(context, rows);
  const files = await filesOfClaims(context, rows, inherited);
  const refusals = await lastRefusals(context.db, ids);
  return rows.map((row) =>
    claimView(row, {
      lines: lines.filter((line) => line.claim_id === row.claim_id),
      files: files.get(row.claim_id) ?? [],
      inherited_diagnosis: inherited.get(row.authorization_id ?? '')?.diagnosis_code ?? null,
      refusal: refusals.get(row.claim_id),
    }),
  );
}
