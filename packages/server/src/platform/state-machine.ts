import type { ErrorCode } from '@osigu-sandbox/contract';
import { fault } from './errors.ts';

/**
 * `(state, action) → state`, or the conflict that is answered instead. One table per noun; the docs draw them and
 * the database's own guards are compared with them.
 */
export type StateMachine<State extends string, Action extends string> = Readonly<
  Record<State, Readonly<Record<Action, State | ErrorCode>>>
>;

/** The state after the action; throws the table's conflict. */
export function step<State extends string, Action extends string>(
  machine: StateMachine<State, Action>,
  state: State,
  action: Action,
): State {
  const next = machine[state][action];
  if (next in machine) return next as State;
  throw fault(next as ErrorCode);
}

/** Every change of state that some action makes, from → to, sorted: what a database guard must allow. */
export function transitionsOf(machine: StateMachine<string, string>): Record<string, string[]> {
  const transitions: Record<string, string[]> = {};
  for (const [state, actions] of Object.entries(machine)) {
    const targets = new Set(Object.values(actions).filter((next) => next in machine && next !== state));
    if (targets.size > 0) transitions[state] = [...targets].sort();
  }
  return transitions;
}
