import { authorizationMachine, requestMachine } from '../core/authorizations/rules.ts';
import { claimMachine } from '../core/claims/rules.ts';
import { dispensationMachine } from '../core/dispensing/rules.ts';
import { prescriptionMachine } from '../core/prescriptions/rules.ts';
import { settlementMachine } from '../core/settlements/rules.ts';
import type { StateMachine } from '../platform/state-machine.ts';

const machines: readonly (readonly [title: string, machine: StateMachine<string, string>])[] = [
  ['Authorization request', requestMachine],
  ['Authorization', authorizationMachine],
  ['Dispensation', dispensationMachine],
  ['Prescription', prescriptionMachine],
  ['Claim', claimMachine],
  ['Settlement', settlementMachine],
];

/** docs/states.md, drawn from the tables that the server runs on. */
export function statesPage(): string {
  const drawings = machines.map(([title, machine]) => `## ${title}\n\n${draw(machine)}`);
  return `# States

Drawn from the tables in \`core/<noun>/rules.ts\`. The database refuses any other change of status, whoever asks for it. An
action that a state does not know is answered with the 409 of the table.

${drawings.join('\n\n')}
`;
}

function draw(machine: StateMachine<string, string>): string {
  const arrows = Object.entries(machine).flatMap(([state, actions]) =>
    Object.entries(actions)
      .filter(([, next]) => next in machine)
      .map(([action, next]) => `  ${state} --> ${next}: ${action}`),
  );
  return ['```mermaid', 'stateDiagram-v2', ...arrows, '```'].join('\n');
}
