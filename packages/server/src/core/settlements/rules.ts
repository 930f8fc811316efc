import type { SettlementStatus } from '@osigu-sandbox/contract';
import type { StateMachine } from '../../platform/state-machine.ts';

export type SettlementAction = 'change' | 'dispatch' | 'accept' | 'accept_part' | 'reject';

const decided = {
  change: '071-409-settlement-dispatched',
  dispatch: '071-409-settlement-dispatched',
  accept: '071-409-settlement-resolved',
  accept_part: '071-409-settlement-resolved',
  reject: '071-409-settlement-resolved',
} as const;

/**
 * `change` is every attach, detach and document. The sandbox pays in the moment of the decision, so what is accepted
 * needs no state of its own for paid. Contract section 12.
 */
export const settlementMachine: StateMachine<SettlementStatus, SettlementAction> = {
  OPEN: {
    change: 'OPEN',
    dispatch: 'SUBMITTED',
    accept: '071-409-settlement-open',
    accept_part: '071-409-settlement-open',
    reject: '071-409-settlement-open',
  },
  SUBMITTED: {
    change: '071-409-settlement-dispatched',
    dispatch: '071-409-settlement-dispatched',
    accept: 'ACCEPTED',
    accept_part: 'PARTIALLY_ACCEPTED',
    reject: 'REJECTED',
  },
  ACCEPTED: decided,
  REJECTED: decided,
  PARTIALLY_ACCEPTED: decided,
};
