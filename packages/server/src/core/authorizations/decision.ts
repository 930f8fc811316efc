import type { ProductType, RejectionCode } from '@osigu-sandbox/contract';
import {
  authorizedQuantity,
  decidingRule,
  failsFirstAt,
  type LineFacts,
} from '../sponsors/decision-rules.ts';
import type { SponsorProfile } from '../sponsors/profile.ts';

/** What was asked for, one line. */
export interface RequestedLine {
  readonly product_code: string;
  readonly product_type: ProductType;
  readonly quantity: number;
  readonly posology?: string;
}

export interface LineDecision {
  readonly authorized_quantity: number;
  readonly rejection_code?: RejectionCode;
  readonly rejection_reason?: string;
}

export interface DecidedLine extends RequestedLine, LineDecision {}

/** The sponsor's word on the lines of one product type. */
export interface GroupDecision {
  readonly product_type: ProductType;
  readonly lines: readonly DecidedLine[];
  /** Only when every line is refused. */
  readonly rejection?: { readonly code: RejectionCode; readonly reason: string };
}

/** Sentences for the person at the counter (D: shown to the user). */
const rejectionReasons: Readonly<Record<RejectionCode, string>> = {
  NOT_COVERED: 'El plan del afiliado no cubre este producto.',
  QUANTITY_EXCEEDED: 'La cantidad solicitada supera la cantidad permitida por el plan.',
  COVERAGE_EXHAUSTED: 'El afiliado agotó los beneficios de su plan para este periodo.',
  MEDICAL_CRITERIA: 'La solicitud no cumple los criterios médicos de la aseguradora.',
  DUPLICATE_THERAPY: 'El afiliado ya tiene autorizado un tratamiento equivalente.',
  DOCUMENTATION_REJECTED: 'Los documentos adjuntos no son suficientes para evaluar la solicitud.',
  SPONSOR_OTHER: 'La aseguradora rechazó la solicitud.',
};

export function refuse(code: RejectionCode, reason?: string): LineDecision {
  return { authorized_quantity: 0, rejection_code: code, rejection_reason: reason ?? rejectionReasons[code] };
}

/** What the sponsor's rules say of one line. */
export function decideLine({ decision_rules }: SponsorProfile, line: LineFacts): LineDecision {
  const rule = decidingRule(decision_rules, line);
  if (rule?.decision === 'REJECT') return refuse(rule.rejection_code, rule.rejection_reason);
  return { authorized_quantity: authorizedQuantity(rule, line.quantity) };
}

/** Whether the sponsor fails when it is asked for the first time. */
export function failsFirst({ decision_rules }: SponsorProfile, lines: readonly LineFacts[]): boolean {
  return lines.some((line) => failsFirstAt(decision_rules, line));
}

/** One group per product type, in the order in which the types first appear. */
function groupByType<T extends RequestedLine>(
  lines: readonly T[],
): { product_type: ProductType; lines: T[] }[] {
  const groups = new Map<ProductType, T[]>();
  for (const line of lines) {
    const group = groups.get(line.product_type);
    if (group === undefined) groups.set(line.product_type, [line]);
    else group.push(line);
  }
  return [...groups].map(([product_type, members]) => ({ product_type, lines: members }));
}

/** Refused as a whole only when nothing is granted; otherwise the refused lines have quantity 0. */
export function decideGroups(
  lines: readonly RequestedLine[],
  decide: (line: RequestedLine, index: number) => LineDecision,
): GroupDecision[] {
  const decided = lines.map((line, index) => ({ ...line, ...decide(line, index) }));
  return groupByType(decided).map(({ product_type, lines: members }) => {
    if (members.some((line) => line.authorized_quantity > 0)) return { product_type, lines: members };
    const [first] = members;
    const code = first?.rejection_code ?? 'SPONSOR_OTHER';
    return {
      product_type,
      lines: members,
      rejection: { code, reason: first?.rejection_reason ?? rejectionReasons[code] },
    };
  });
}
