import type { DeliveryFault, DeliveryFaultKind } from '@osigu-sandbox/contract';
import { second } from '../../platform/time.ts';
import { matchesPattern } from '../patterns.ts';

/** S: how long a delivery is kept back unless the rule says so, on the provider's clock. */
const usualDelay = 5 * second;

export interface MetDelivery {
  readonly subscription_id: string;
  readonly event_type: string;
}

export function meetsDelivery(rule: DeliveryFault, { subscription_id, event_type }: MetDelivery): boolean {
  if (rule.subscription_id !== undefined && rule.subscription_id !== subscription_id) return false;
  return rule.event_type === undefined || matchesPattern(rule.event_type, event_type);
}

/** These make an attempt later instead of other. */
export function keepsBack(kind: DeliveryFaultKind): boolean {
  return kind === 'delay' || kind === 'out_of_order';
}

export function delayOf(rule: DeliveryFault): number {
  return rule.delay_ms ?? usualDelay;
}
