import type { PrescriptionStatus } from '@osigu-sandbox/contract';
import type { StateMachine } from '../../platform/state-machine.ts';
import { day } from '../../platform/time.ts';

export type PrescriptionAction = 'dispense_part' | 'dispense_rest' | 'mail' | 'void' | 'expire';

const over = { void: '071-409-prescription-not-voidable' } as const;

/** `mail`: sent to the patient (again). What is begun can no longer be voided. Contract section 10. */
export const prescriptionMachine: StateMachine<PrescriptionStatus, PrescriptionAction> = {
  PRESCRIPTION_ISSUED: {
    dispense_part: 'PARTIALLY_DISPENSED',
    dispense_rest: 'DISPENSED',
    mail: 'PRESCRIPTION_ISSUED',
    void: 'VOIDED',
    expire: 'EXPIRED',
  },
  PARTIALLY_DISPENSED: {
    ...over,
    dispense_part: 'PARTIALLY_DISPENSED',
    dispense_rest: 'DISPENSED',
    mail: 'PARTIALLY_DISPENSED',
    expire: 'EXPIRED',
  },
  DISPENSED: {
    ...over,
    dispense_part: '071-409-already-dispensed',
    dispense_rest: '071-409-already-dispensed',
    mail: '071-409-already-dispensed',
    expire: '071-409-already-dispensed',
  },
  VOIDED: {
    ...over,
    dispense_part: '071-409-code-voided',
    dispense_rest: '071-409-code-voided',
    mail: '071-409-code-voided',
    expire: '071-409-code-voided',
  },
  EXPIRED: {
    ...over,
    dispense_part: '071-409-code-expired',
    dispense_rest: '071-409-code-expired',
    mail: '071-409-code-expired',
    expire: '071-409-code-expired',
  },
};

/** How long a prescription can be dispensed (S: no value is published). */
export const validFor = 30 * day;

/** A prescription is expired from its moment on, whether or not the due work has written it down yet. */
export function prescriptionStatusAt(
  { status, expires_at }: { readonly status: PrescriptionStatus; readonly expires_at: number },
  now: number,
): PrescriptionStatus {
  const live = status === 'PRESCRIPTION_ISSUED' || status === 'PARTIALLY_DISPENSED';
  return live && now >= expires_at ? 'EXPIRED' : status;
}
