import { realNow } from '../platform/time.ts';

/**
 * The provider's clock: real time plus an offset that only grows (contract section 14), until a restore brings an
 * older moment back. Everything of the business is read from it; token life, rate windows, idempotency keys and
 * signatures use real time.
 */
export function providerNow(clockOffset: number): number {
  return realNow() + clockOffset;
}

/** The real moment at which a provider's clock will show `moment`. */
export function toRealTime(moment: number, clockOffset: number): number {
  return moment - clockOffset;
}

/** The offset with which a provider's clock shows `moment` at this moment. */
export function offsetAt(moment: number): number {
  return Math.ceil(moment - realNow());
}
