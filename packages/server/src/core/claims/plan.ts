import type { ErrorCode, ProductType } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { unregisteredProducts, wrongTypes } from '../catalogues/product-checks.ts';
import { issuesOf, plannedLine } from '../dispensing/lines/input.ts';
import { type Allocation, allocate, type EntitledLine } from '../dispensing/quantities/allocation.ts';
import { type Finding, invalid } from './findings.ts';
import { claimLine } from './lines/line.ts';
import type { ClaimLine } from './lines/store.ts';
import type { ClaimFamily } from './rules.ts';

/** A line as the provider claims it, money on the wire. */
export interface ClaimedItem {
  readonly product_code: string;
  readonly product_type: ProductType;
  readonly quantity: number;
  readonly unit_price?: number;
}

/** What a claim takes, or everything that speaks against it. */
export interface Plan {
  readonly lines: readonly ClaimLine[];
  readonly findings: readonly Finding[];
  readonly conflict: ErrorCode | undefined;
}

export interface Terms {
  readonly family: ClaimFamily;
  /** In which a line without a price is priced. */
  readonly currency_code: string;
  /** Of the authorization; undefined where there is none to take from. */
  readonly entitled: readonly EntitledLine[] | undefined;
  /** One of these has to be claimed; null: there is no such rule. */
  readonly consultations?: readonly string[] | null;
}

const list = 'line_items';

export async function planClaim(
  uow: Pick<UnitOfWork, 'db' | 'provider'>,
  items: readonly ClaimedItem[],
  { family, currency_code, entitled, consultations = null }: Terms,
): Promise<Plan> {
  const allocations = entitled && allocateItems(entitled, items);
  const lines: ClaimLine[] = [];
  const findings = [
    ...invalid(wrongTypes(items, list)),
    ...invalid(notProcedures(family, items)),
    ...invalid(noConsultation(consultations, items)),
  ];
  for (const [index, item] of items.entries()) {
    const planned = plannedLine(item, 0, currency_code);
    findings.push(...invalid(issuesOf(item, planned, `${list}[${index}]`)));
    const allocation = allocations?.[index];
    if (allocation !== undefined) findings.push(...refusalOf(allocation));
    const source_line =
      allocation !== undefined && 'source_line' in allocation ? allocation.source_line : null;
    lines.push(claimLine(planned, source_line));
  }
  findings.push(...invalid(await unregisteredProducts(uow, items, list), '071-104'));
  return { lines, findings, conflict: allocations && conflictOf(allocations) };
}

/** D: the narrow sibling is for one procedure. */
function notProcedures(family: ClaimFamily, items: readonly ClaimedItem[]) {
  if (family !== 'MEDICAL_PROCEDURE') return [];
  return items.flatMap(({ product_type }, index) =>
    product_type === 'PROCEDURE'
      ? []
      : [{ path: `${list}[${index}].product_type`, message: 'must be PROCEDURE' }],
  );
}

/** Without an authorization the sponsor pays consultations, if it says which products these are. */
function noConsultation(codes: readonly string[] | null, items: readonly ClaimedItem[]) {
  if (codes === null || items.some(({ product_code }) => codes.includes(product_code))) return [];
  const message = `must have a consultation where there is no authorization: ${codes.join(', ')}`;
  return [{ path: list, message }];
}

/** Where nothing was authorized (not decided yet, or refused) the status of the authorization says what is wrong. */
function allocateItems(entitled: readonly EntitledLine[], items: readonly ClaimedItem[]): Allocation[] {
  if (entitled.every((line) => line.authorized_quantity === 0)) return [];
  return allocate(entitled, items, { list, source: 'authorization' });
}

/** More than was ever authorized is a mistake (422); what was authorized and is gone is a conflict (409). */
function refusalOf(allocation: Allocation): Finding[] {
  return 'issue' in allocation && !allocation.redeemed ? invalid([allocation.issue]) : [];
}

function conflictOf(allocations: readonly Allocation[]): ErrorCode | undefined {
  if (allocations.some((each) => 'issue' in each && each.redeemed)) return '071-409-already-dispensed';
  return allocations.some((each) => 'held' in each) ? '071-409-quantity-held' : undefined;
}
