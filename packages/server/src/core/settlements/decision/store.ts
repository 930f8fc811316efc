import type { ClaimKind } from '@osigu-sandbox/contract';
import { change, statement } from '../../../store/statement.ts';

export interface ClaimedProduct {
  readonly claim_id: string;
  readonly kind: ClaimKind;
  readonly amount: number;
  readonly product_code: string;
  readonly substitute_product_code: string | null;
}

export const selectProducts = statement<{ settlement_id: string }, ClaimedProduct>((db, { settlement_id }) =>
  db
    .selectFrom('settlement_claims')
    .innerJoin('claims', 'claims.claim_id', 'settlement_claims.claim_id')
    .innerJoin('claim_lines', 'claim_lines.claim_id', 'settlement_claims.claim_id')
    .select(['claim_lines.claim_id', 'kind', 'amount', 'product_code', 'substitute_product_code'])
    .where('settlement_id', '=', settlement_id)
    .orderBy('claim_lines.claim_id')
    .orderBy('claim_lines.line'),
);

/** The other providers whose authorizations the batch covers, always in the same order. */
export const selectForeignOwners = statement<
  { provider_id: string; settlement_id: string },
  { provider_id: string }
>((db, { provider_id, settlement_id }) =>
  db
    .selectFrom('settlement_claims')
    .innerJoin('authorizations', 'authorizations.authorization_id', 'settlement_claims.authorization_id')
    .select('authorizations.provider_id')
    .distinct()
    .where('settlement_id', '=', settlement_id)
    .where('authorizations.provider_id', '!=', provider_id)
    .orderBy('authorizations.provider_id'),
);

/** Locks the claims of a batch, as `lockClaims`. */
export const lockMembers = change<{ settlement_id: string }>((db, { settlement_id }) =>
  db
    .updateTable('claims')
    .set((eb) => ({ created_at: eb.ref('created_at') }))
    .where('claim_id', 'in', (eb) =>
      eb
        .selectFrom('settlement_claims')
        .select('settlement_claims.claim_id')
        .where('settlement_id', '=', settlement_id),
    ),
);

export const refuseMember = change<{ settlement_id: string; claim_id: string; rejection_reason: string }>(
  (db, { settlement_id, claim_id, rejection_reason }) =>
    db
      .updateTable('settlement_claims')
      .set({ status: 'REJECTED', live: null, rejection_reason })
      .where('settlement_id', '=', settlement_id)
      .where('claim_id', '=', claim_id),
);

/** Whatever was not refused. */
export const payMembers = change<{ settlement_id: string }>((db, { settlement_id }) =>
  db
    .updateTable('settlement_claims')
    .set({ status: 'PAID' })
    .where('settlement_id', '=', settlement_id)
    .where('status', '=', 'ATTACHED'),
);

export const payClaims = change<{ settlement_id: string }>((db, { settlement_id }) =>
  db
    .updateTable('claims')
    .set({ status: 'PAID' })
    .where('claim_id', 'in', (eb) =>
      eb
        .selectFrom('settlement_claims')
        .select('settlement_claims.claim_id')
        .where('settlement_id', '=', settlement_id)
        .where('settlement_claims.status', '=', 'PAID'),
    ),
);

/** One that expired meanwhile, or is paid already, stays as it is. */
export const payAuthorizations = change<{ settlement_id: string }>((db, { settlement_id }) =>
  db
    .updateTable('authorizations')
    .set({ status: 'PAID' })
    .where('status', 'in', ['REDEEMED', 'PARTIALLY_REDEEMED'])
    .where('authorization_id', 'in', (eb) =>
      eb
        .selectFrom('settlement_claims')
        .select((inner) => inner.ref('settlement_claims.authorization_id').$notNull().as('authorization_id'))
        .where('settlement_id', '=', settlement_id)
        .where('settlement_claims.status', '=', 'PAID'),
    ),
);
