import { type DeliveryFault, eventTypes, maxFaultRules, type RouteFault } from '@osigu-sandbox/contract';
import type { Issue } from '../../platform/errors.ts';
import { keepsBack } from '../../webhooks/faults/rules.ts';
import { matchesPattern } from '../../webhooks/patterns.ts';
import { patternProblem } from './paths.ts';

/** What of the sandbox a plan can be about. */
export interface FaultScope {
  /** Whether any call that can be faulted has such a method and path. */
  reaches(method: string | undefined, pattern: string): boolean;
  readonly subscription_ids: ReadonlySet<string>;
}

type Unchecked<T> = { readonly [Member in keyof T]?: unknown };

/**
 * What a schema cannot say of a plan. The plan may be wrong in its schema too: everything that is wrong is told at
 * once, so nothing is taken for granted here.
 */
export function planIssues(plan: unknown, scope: FaultScope): readonly Issue[] {
  const { routes, deliveries } = membersOf<{ routes: unknown; deliveries: unknown }>(plan);
  return [
    ...ofEach(routes, 'routes', (rule: Unchecked<RouteFault>) => routeIssues(rule, scope)),
    ...ofEach(deliveries, 'deliveries', (rule: Unchecked<DeliveryFault>) => deliveryIssues(rule, scope)),
  ];
}

function routeIssues(rule: Unchecked<RouteFault>, scope: FaultScope): readonly Issue[] {
  const { status, drop, latency_ms, path, method } = rule;
  const issues: Issue[] = [];
  const say = (member: string, message: string) => issues.push({ path: member, message });
  if (status !== undefined && drop === true) say('drop', 'must not be given together with status');
  if (status === undefined && drop !== true && latency_ms === undefined)
    say('status', 'one of status, drop and latency_ms is required');
  if (typeof path !== 'string' || path === '') return issues;
  const problem = patternProblem(path);
  if (problem !== undefined) say('path', problem);
  else if (!scope.reaches(typeof method === 'string' ? method : undefined, path))
    say('path', 'reaches no call that can be faulted; end it with * to mean all that begins so');
  return issues;
}

/** S: what a subscription is tried with, outside the catalogue. */
const ping = 'test.ping';

function deliveryIssues(rule: Unchecked<DeliveryFault>, scope: FaultScope): readonly Issue[] {
  const { subscription_id, event_type, kind, delay_ms } = rule;
  const issues: Issue[] = [];
  const say = (member: string, message: string) => issues.push({ path: member, message });
  if (typeof subscription_id === 'string' && !scope.subscription_ids.has(subscription_id))
    say('subscription_id', 'is unknown');
  if (
    typeof event_type === 'string' &&
    ![ping, ...eventTypes].some((type) => matchesPattern(event_type, type))
  )
    say('event_type', 'matches no event type');
  if (delay_ms !== undefined && typeof kind === 'string' && !keepsBack(kind as DeliveryFault['kind']))
    say('delay_ms', 'is only for delay and out_of_order');
  return issues;
}

function ofEach<T>(
  list: unknown,
  name: string,
  issuesOf: (rule: Unchecked<T>) => readonly Issue[],
): readonly Issue[] {
  if (!Array.isArray(list)) return [];
  return list.slice(0, maxFaultRules).flatMap((rule: unknown, index) =>
    isObject(rule)
      ? issuesOf(rule as Unchecked<T>).map(({ path, message }) => ({
          path: `${name}[${index}].${path}`,
          message,
        }))
      : [],
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function membersOf<T>(value: unknown): Unchecked<T> {
  return isObject(value) ? (value as Unchecked<T>) : {};
}
