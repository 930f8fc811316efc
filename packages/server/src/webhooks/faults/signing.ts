import type { DeliveryFaultKind } from '@osigu-sandbox/contract';
import { minute, realNow, second } from '../../platform/time.ts';
import { signatureHeader } from '../signature.ts';

/** Twice as old as what a receiver may take (contract section 13). */
const staleBy = 10 * minute;

/** The signature of one attempt, made now. The body is never touched: it is the same bytes every time. */
export function signedNow(fault: DeliveryFaultKind | null, secrets: readonly string[], body: string): string {
  const age = fault === 'stale_timestamp' ? staleBy : 0;
  const keys = fault === 'tampered_signature' ? secrets.map((secret) => `${secret}.tampered`) : secrets;
  return signatureHeader(keys, Math.floor((realNow() - age) / second), body);
}
