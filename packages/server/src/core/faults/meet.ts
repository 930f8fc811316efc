import type { RouteFault } from '@osigu-sandbox/contract';
import type { Executor } from '../../store/statement.ts';
import { type Uses, usesOf } from './draws.ts';
import { matchesPath } from './paths.ts';
import { countMeeting, selectRouteFaults } from './store.ts';

/** A rule that applies to a call. */
export interface MetRule {
  readonly rule: RouteFault;
  /** From 0, as in the plan. */
  readonly position: number;
}

export interface RouteFaults {
  /** The first rule of the plan that applies to this call, which is counted by every rule that was asked. */
  meet(plan: PlanInForce, method: string, path: string): Promise<MetRule | undefined>;
}

export interface PlanInForce {
  readonly plan_id: string;
  /** Of the provider: a world that is restored has the plan as it stood, with its counts of then. */
  readonly reset_at_real: number | null;
}

interface Rule extends MetRule {
  readonly uses: Uses;
}

const rememberedPlans = 1_000;

export function createRouteFaults(db: Executor): RouteFaults {
  // The rules of a plan never change, and its counts only grow while the world is the same one.
  const plans = new Map<string, readonly Rule[]>();

  async function rulesOf({ plan_id, reset_at_real }: PlanInForce): Promise<readonly Rule[]> {
    const key = `${plan_id} ${reset_at_real}`;
    const known = plans.get(key);
    if (known !== undefined) return known;
    const rows = await selectRouteFaults(db, { plan_id });
    const rules = rows.map(({ position, rule: text, seed }) => {
      const rule = JSON.parse(text) as RouteFault;
      return { rule, position, uses: usesOf(rule, seed, position) };
    });
    if (plans.size >= rememberedPlans) plans.clear();
    plans.set(key, rules);
    return rules;
  }

  return {
    meet: async (plan, method, path) => {
      const { plan_id } = plan;
      for (const { rule, position, uses } of await rulesOf(plan)) {
        if (uses.isSpent() || !isAbout(rule, method, path)) continue;
        const [meeting] = await countMeeting(db, { plan_id, position });
        if (meeting !== undefined && uses.isUse(Number(meeting.met))) return { rule, position };
      }
      return undefined;
    },
  };
}

function isAbout(rule: RouteFault, method: string, path: string): boolean {
  // A route that answers GET answers HEAD.
  const asked = method === 'HEAD' ? 'GET' : method;
  return (rule.method === undefined || rule.method === asked) && matchesPath(rule.path, path);
}
