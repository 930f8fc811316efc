import type { AuthorizationStatus, DispensationStatus } from '@osigu-sandbox/contract';
import type { StateMachine } from '../../platform/state-machine.ts';
import { minute } from '../../platform/time.ts';

export type DispensationAction = 'update' | 'complete' | 'cancel';

const closed = {
  update: '071-409-dispensation-closed',
  complete: '071-409-dispensation-closed',
  cancel: '071-409-dispensation-closed',
} as const;

/** `cancel` is the pharmacy's void and the timeout alike. Contract section 9. */
export const dispensationMachine: StateMachine<DispensationStatus, DispensationAction> = {
  STARTED: { update: 'STARTED', complete: 'COMPLETED', cancel: 'CANCELLED' },
  COMPLETED: closed,
  CANCELLED: closed,
};

/** A dispensation that is left open for so long is cancelled by timeout (S). */
export const openFor = 30 * minute;

export interface CodeHolder {
  readonly provider_id: string;
  /** Who may redeem; null: any provider of the sandbox. */
  readonly provider_slugs: readonly string[] | null;
}

export interface Redeemer {
  readonly provider_id: string;
  readonly provider_slug: string;
}

/** The list narrows the other providers; the owner never loses its own code by naming the pharmacies it works with. */
export function mayRedeem(code: CodeHolder, redeemer: Redeemer): boolean {
  if (code.provider_id === redeemer.provider_id || code.provider_slugs === null) return true;
  return code.provider_slugs.includes(redeemer.provider_slug);
}

/** A code is expired from its moment on, whether or not the due work has written it down yet. */
export function statusAt(
  status: AuthorizationStatus,
  expires_at: number | null,
  now: number,
): AuthorizationStatus {
  const live = status === 'APPROVED' || status === 'PARTIALLY_REDEEMED';
  return live && expires_at !== null && now >= expires_at ? 'EXPIRED' : status;
}
