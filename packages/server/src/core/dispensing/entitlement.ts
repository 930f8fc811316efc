import type { CodeType, VerificationMethod } from '@osigu-sandbox/contract';
import type { ProviderContext } from '../../engine/provider-context.ts';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import type { Amounts, PricedLine } from '../claims/amounts.ts';
import type { PlannedLine } from './lines/store.ts';
import type { EntitledLine } from './quantities/allocation.ts';
import type { DispensationRow } from './store.ts';

/**
 * What a code entitles to, be it of an authorization or of a prescription: everything in which the two differ for
 * whoever dispenses. Locked: until the end of the transaction nobody else takes from it.
 */
export interface Entitlement {
  readonly code: string;
  readonly code_type: CodeType;
  /** Which document the code stands for, as the row of a dispensation names it. */
  readonly source: Source;
  /** The tenant that owns the code: its clock judges the expiry, and it gets the events. */
  readonly owner: UnitOfWork;
  readonly lines: readonly EntitledLine[];
  /** Whose the code is; null where the patient pays and whoever holds the code may have it redeemed. */
  readonly insured: Insured | null;
  readonly currency_code: string;
  readonly verification_required: VerificationMethod | null;
  /** Who pays how much of it. */
  amountsOf(lines: readonly PricedLine[]): DispensedAmounts;
  /** 409 unless something may be taken now. */
  requireRedeemable(): void;
  /** Takes what an open dispensation wants; whoever comes second for the same finds it held. */
  hold(lines: readonly Taken[]): Promise<void>;
  /** The dispensation was cancelled or takes something else. */
  giveBack(lines: readonly Taken[]): Promise<void>;
  /** What was held has been handed over; `nothingLeft`: and with it everything there was. */
  redeem(lines: readonly Taken[], nothingLeft: boolean): Promise<void>;
  /** The claim of the sponsor's part: its id, or null where there is no sponsor. */
  claim(
    uow: UnitOfWork,
    dispensation: DispensationRow,
    lines: readonly PlannedLine[],
  ): Promise<string | null>;
}

export type Source = Pick<DispensationRow, 'authorization_id' | 'prescription_id'>;
export type Taken = Pick<PlannedLine, 'source_line' | 'quantity'>;
/** Copayment and coinsurance are null where no sponsor shares the cost. */
export type DispensedAmounts = Pick<Amounts, 'total_amount' | 'covered_amount'> &
  Pick<DispensationRow, 'copayment_amount' | 'coinsurance_amount'>;

export interface Insured {
  readonly person_key: string;
  /** As the owner of the code knows the person. */
  readonly beneficiary_id: string;
  readonly sponsor_slug: string;
}

/** One kind of code. */
export interface CodeKind {
  /** Across all providers; a code that `redeemer` may not redeem is as unknown as any. */
  find(uow: UnitOfWork, code: string): Promise<Found | undefined>;
  /** The document that a dispensation takes from, if it is of this kind. */
  documentOf(source: Source): string | null;
  lock(owner: UnitOfWork, document_id: string, dispenser: ProviderContext): Promise<Entitlement>;
}

interface Found {
  /** Whose code it is. */
  readonly provider_id: string;
  readonly document_id: string;
}

/** The same unit of work where a provider redeems its own code, so that it keeps its moment. */
export async function ownerOf(uow: UnitOfWork, owner_provider_id: string): Promise<UnitOfWork> {
  return owner_provider_id === uow.provider.provider_id ? uow : uow.as(owner_provider_id);
}
