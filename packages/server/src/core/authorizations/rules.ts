import type { AuthorizationRequestStatus, AuthorizationStatus } from '@osigu-sandbox/contract';
import type { StateMachine } from '../../platform/state-machine.ts';

export type RequestAction = 'attach' | 'complete' | 'submit' | 'decide' | 'cancel';

/** `complete` is the synchronous sponsor's way, `submit` the asynchronous one's. Contract section 7. */
export const requestMachine: StateMachine<AuthorizationRequestStatus, RequestAction> = {
  PENDING_INDICATION: {
    attach: 'PENDING_INDICATION',
    complete: 'COMPLETED',
    submit: 'PENDING_SPONSOR',
    decide: '071-409-already-decided',
    cancel: 'CANCELLED',
  },
  PENDING_SPONSOR: {
    attach: '071-409-indications-closed',
    complete: '071-409-already-completed',
    submit: '071-409-already-completed',
    decide: 'COMPLETED',
    cancel: 'CANCELLED',
  },
  COMPLETED: {
    attach: '071-409-indications-closed',
    complete: '071-409-already-completed',
    submit: '071-409-already-completed',
    decide: '071-409-already-decided',
    cancel: '071-409-not-cancellable',
  },
  CANCELLED: {
    attach: '071-409-indications-closed',
    complete: '071-409-cancelled',
    submit: '071-409-cancelled',
    decide: '071-409-already-decided',
    cancel: '071-409-not-cancellable',
  },
};

export type AuthorizationAction =
  | 'approve'
  | 'reject'
  | 'redeem_part'
  | 'redeem_rest'
  | 'release_part'
  | 'release_all'
  | 'pay'
  | 'void'
  | 'withdraw'
  | 'expire'
  | 'update';

const settled = {
  approve: '071-409-already-decided',
  reject: '071-409-already-decided',
  withdraw: '071-409-not-cancellable',
  void: '071-409-not-voidable',
} as const;

/**
 * `withdraw`: its request is cancelled before the sponsor decides. `release_part` and `release_all`: a completed claim
 * is voided and what it redeemed is free again, with or without other redemptions left. `pay`: a settlement paid a
 * claim of it. Contract sections 7, 9, 11 and 12.
 */
export const authorizationMachine: StateMachine<AuthorizationStatus, AuthorizationAction> = {
  PENDING_SPONSOR: {
    ...settled,
    approve: 'APPROVED',
    reject: 'REJECTED',
    withdraw: 'VOIDED',
    redeem_part: '071-409-code-pending',
    redeem_rest: '071-409-code-pending',
    release_part: '071-409-code-pending',
    release_all: '071-409-code-pending',
    pay: '071-409-code-pending',
    expire: '071-409-code-pending',
    update: '071-409-code-pending',
  },
  APPROVED: {
    ...settled,
    redeem_part: 'PARTIALLY_REDEEMED',
    redeem_rest: 'REDEEMED',
    void: 'VOIDED',
    release_part: '071-409-claim-closed',
    release_all: '071-409-claim-closed',
    pay: '071-409-claim-closed',
    expire: 'EXPIRED',
    update: 'APPROVED',
  },
  REJECTED: {
    ...settled,
    redeem_part: '071-409-code-rejected',
    redeem_rest: '071-409-code-rejected',
    release_part: '071-409-code-rejected',
    release_all: '071-409-code-rejected',
    pay: '071-409-code-rejected',
    expire: '071-409-code-rejected',
    update: '071-409-code-rejected',
  },
  PARTIALLY_REDEEMED: {
    ...settled,
    redeem_part: 'PARTIALLY_REDEEMED',
    redeem_rest: 'REDEEMED',
    release_part: 'PARTIALLY_REDEEMED',
    release_all: 'APPROVED',
    pay: 'PAID',
    expire: 'EXPIRED',
    update: 'PARTIALLY_REDEEMED',
  },
  REDEEMED: {
    ...settled,
    redeem_part: '071-409-already-dispensed',
    redeem_rest: '071-409-already-dispensed',
    release_part: 'PARTIALLY_REDEEMED',
    release_all: 'APPROVED',
    pay: 'PAID',
    expire: '071-409-already-dispensed',
    update: '071-409-already-dispensed',
  },
  VOIDED: {
    ...settled,
    redeem_part: '071-409-code-voided',
    redeem_rest: '071-409-code-voided',
    release_part: '071-409-code-voided',
    release_all: '071-409-code-voided',
    pay: '071-409-code-voided',
    expire: '071-409-code-voided',
    update: '071-409-code-voided',
  },
  EXPIRED: {
    ...settled,
    redeem_part: '071-409-code-expired',
    redeem_rest: '071-409-code-expired',
    release_part: 'EXPIRED',
    release_all: 'EXPIRED',
    pay: '071-409-code-expired',
    expire: '071-409-code-expired',
    update: '071-409-code-expired',
  },
  PAID: {
    ...settled,
    redeem_part: '071-409-already-dispensed',
    redeem_rest: '071-409-already-dispensed',
    release_part: 'PAID',
    release_all: 'PAID',
    pay: '071-409-already-dispensed',
    expire: '071-409-already-dispensed',
    update: '071-409-already-dispensed',
  },
};
