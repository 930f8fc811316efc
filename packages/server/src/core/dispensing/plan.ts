import type { ErrorCode } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault, type Issue, rejectIssues } from '../../platform/errors.ts';
import { findProduct } from '../catalogues/catalogue.ts';
import { registeredAmong } from '../catalogues/store.ts';
import { issuesOf, type ProductInput, plannedLine } from './lines/input.ts';
import type { PlannedLine } from './lines/store.ts';
import { allocate, availableOf, type EntitledLine, remainingOf } from './quantities/allocation.ts';

/** What a dispensation takes from its code, or everything that speaks against it. */
export interface Plan {
  readonly lines: readonly PlannedLine[];
  readonly issues: readonly Issue[];
  /** Substitutes that the dispensing provider has not registered. */
  readonly unregistered: readonly Issue[];
  readonly conflict: ErrorCode | undefined;
}

export async function planLines(
  uow: Pick<UnitOfWork, 'db' | 'provider'>,
  entitled: readonly EntitledLine[],
  products: readonly ProductInput[] | undefined,
  currency_code: string,
): Promise<Plan> {
  if (products === undefined) return planRest(entitled, currency_code);
  // Nothing is left of anything: that is what the counter must hear, not that the quantity is wrong.
  if (entitled.every((line) => remainingOf(line) === 0)) return conflicting('071-409-already-dispensed');
  const lines: PlannedLine[] = [];
  const issues: Issue[] = [];
  let held = false;
  allocate(entitled, products).forEach((allocation, index) => {
    const product = products[index];
    if (product === undefined) return;
    // Where nothing can be taken the line is still looked at: everything wrong is told at once.
    const line = plannedLine(
      product,
      'source_line' in allocation ? allocation.source_line : 0,
      currency_code,
    );
    if ('issue' in allocation) issues.push(allocation.issue);
    if ('held' in allocation) held = true;
    issues.push(...issuesOf(product, line, `products[${index}]`));
    lines.push(line);
  });
  const unregistered = await unregisteredSubstitutes(uow, products);
  return { lines, issues, unregistered, conflict: held ? '071-409-dispensation-in-progress' : undefined };
}

/** 422 with everything that is wrong with the call. */
export function rejectPlan(plan: Plan, otherIssues: readonly Issue[] = []): void {
  const issues = [...otherIssues, ...plan.issues];
  if (issues.length === 0) rejectIssues(plan.unregistered, '071-104');
  else throw fault('071-422-validation', { errors: [...issues, ...plan.unregistered] });
}

/** Without `products` everything that is free is dispensed. */
function planRest(entitled: readonly EntitledLine[], currency_code: string): Plan {
  const free = entitled.filter((line) => availableOf(line) > 0);
  if (free.length === 0) {
    const held = entitled.some((line) => line.held_quantity > 0);
    return conflicting(held ? '071-409-dispensation-in-progress' : '071-409-already-dispensed');
  }
  const lines = free.map((line) =>
    plannedLine({ product_code: line.product_code, quantity: availableOf(line) }, line.line, currency_code),
  );
  return { lines, issues: [], unregistered: [], conflict: undefined };
}

function conflicting(conflict: ErrorCode): Plan {
  return { lines: [], issues: [], unregistered: [], conflict };
}

async function unregisteredSubstitutes(
  { db, provider }: Pick<UnitOfWork, 'db' | 'provider'>,
  products: readonly ProductInput[],
): Promise<Issue[]> {
  const substitutes = products.flatMap(({ substitute_product_code: code }, index) =>
    code === undefined || findProduct(code) === undefined ? [] : [{ code, index }],
  );
  if (substitutes.length === 0) return [];
  const codes = substitutes.map(({ code }) => code);
  const registered = await registeredAmong(db, provider.provider_id, codes);
  return substitutes
    .filter(({ code }) => !registered.has(code))
    .map(({ code, index }) => ({
      path: `products[${index}].substitute_product_code`,
      message: `${code} is not registered for this provider`,
    }));
}
