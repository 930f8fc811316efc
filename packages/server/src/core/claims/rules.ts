import type { ClaimKind, ClaimStatus } from '@osigu-sandbox/contract';
import type { StateMachine } from '../../platform/state-machine.ts';
import { day } from '../../platform/time.ts';

export type ClaimAction = 'update' | 'attach' | 'complete' | 'void' | 'expire' | 'pay';

const closed = {
  update: '071-409-claim-closed',
  attach: '071-409-claim-closed',
  complete: '071-409-claim-closed',
  void: '071-409-claim-closed',
  expire: '071-409-claim-closed',
  pay: '071-409-claim-closed',
} as const;

/** `attach` is of a file; `pay` is the settlement's, whose refusal leaves a claim COMPLETED. Contract section 11. */
export const claimMachine: StateMachine<ClaimStatus, ClaimAction> = {
  OPEN: {
    ...closed,
    update: 'OPEN',
    attach: 'OPEN',
    complete: 'COMPLETED',
    void: 'VOIDED',
    expire: 'EXPIRED',
  },
  COMPLETED: { ...closed, void: 'VOIDED', pay: 'PAID' },
  VOIDED: closed,
  EXPIRED: closed,
  PAID: closed,
};

/** A claim that is left OPEN for so long expires. */
export const openFor = 30 * day;

/** The two families of routes. */
export type ClaimFamily = Exclude<ClaimKind, 'DISPENSATION'>;

/** Which family shows a claim: one that a dispensation created reads as outpatient care. */
export function familyOf(kind: ClaimKind): ClaimFamily {
  return kind === 'DISPENSATION' ? 'OUTPATIENT_CARE' : kind;
}
