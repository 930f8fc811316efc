import { eventTypes } from '@osigu-sandbox/contract';

/** An exact type, `family.*` or `*` (contract section 13). */
export function matchesPattern(pattern: string, event_type: string): boolean {
  if (pattern === '*') return true;
  if (pattern.endsWith('.*')) return event_type.startsWith(pattern.slice(0, -1));
  return pattern === event_type;
}

export function matchesAny(patterns: readonly string[], event_type: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, event_type));
}

/** Where in `patterns` one stands that no type of the catalogue matches: a typing error of the integrator. */
export function idlePatterns(patterns: readonly string[]): number[] {
  return patterns.flatMap((pattern, index) =>
    eventTypes.some((event_type) => matchesPattern(pattern, event_type)) ? [] : [index],
  );
}
