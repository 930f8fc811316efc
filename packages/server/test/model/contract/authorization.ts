import { type Line, remaining, type Taken, undo, use } from './code.ts';
import type { Person, Sponsor } from './sponsors.ts';
import type { Site, Verdict } from './world.ts';

/** Contract section 7. */
export interface Authorization {
  readonly kind: 'AUTHORIZATION';
  id: string;
  code: string | null;
  readonly owner: Site;
  readonly sponsor: Sponsor;
  readonly person: Person;
  readonly product_type: string;
  /** Who may redeem besides the owner; undefined: anybody with the code. */
  readonly named: readonly string[] | undefined;
  status: Status;
  lines: readonly Line[];
  rejection_code: string | null;
  payment_type: 'DIRECT_PAYMENT' | 'REIMBURSEMENT';
  expires_at: number | null;
}

type Status =
  | 'PENDING_SPONSOR'
  | 'APPROVED'
  | 'REJECTED'
  | 'PARTIALLY_REDEEMED'
  | 'REDEEMED'
  | 'VOIDED'
  | 'EXPIRED'
  | 'PAID';

const isLive = ({ status }: Authorization) => status === 'APPROVED' || status === 'PARTIALLY_REDEEMED';

/** Whether something may be taken from it now, or changed by the sponsor. */
export function standing(authorization: Authorization): Verdict {
  switch (authorization.status) {
    case 'APPROVED':
    case 'PARTIALLY_REDEEMED':
      return 'done';
    case 'PENDING_SPONSOR':
      return '071-409-code-pending';
    case 'REJECTED':
      return '071-409-code-rejected';
    case 'VOIDED':
      return '071-409-code-voided';
    case 'EXPIRED':
      return '071-409-code-expired';
    default:
      return '071-409-already-dispensed';
  }
}

/** A code is carried to a counter: whoever gets it may redeem it, unless somebody is named. */
export function mayRedeem({ owner, named }: Authorization, site: Site): boolean {
  return owner === site || named === undefined || named.includes(site.slug);
}

/** An id is not carried: only who is named may claim for it. */
export function mayClaim({ owner, named }: Authorization, site: Site): boolean {
  return owner === site || (named ?? []).includes(site.slug);
}

export function voidAuthorization(authorization: Authorization, site: Site): Verdict {
  if (authorization.owner !== site) return '071-404-authorization';
  const held = authorization.lines.some((line) => line.held > 0);
  if (authorization.status !== 'APPROVED' || held) return '071-409-not-voidable';
  authorization.status = 'VOIDED';
  return 'done';
}

export interface Change {
  readonly payment_type?: Authorization['payment_type'];
  /** From now on; negative: it lies in the past. */
  readonly expires_in?: number;
  readonly substitution?: { readonly product_code: string; readonly substitute_product_code: string };
}

/** The sponsor's hand. Nothing of what is being dispensed is substituted. */
export function updateAuthorization(authorization: Authorization, site: Site, change: Change): Verdict {
  if (authorization.owner !== site) return '071-404-authorization';
  const { payment_type, expires_in, substitution } = change;
  const line = authorization.lines.find((each) => each.product_code === substitution?.product_code);
  const substitutable = line !== undefined && line.held + line.redeemed === 0;
  if (substitution !== undefined && !substitutable) return '071-422-validation';
  if (expires_in !== undefined && expires_in <= 0) return '071-422-validation';
  if (payment_type === undefined && expires_in === undefined && substitution === undefined)
    return '071-422-validation';
  const verdict = standing(authorization);
  if (verdict !== 'done') return verdict;
  if (payment_type !== undefined) authorization.payment_type = payment_type;
  if (expires_in !== undefined) authorization.expires_at = site.now + expires_in;
  if (substitution !== undefined && line !== undefined)
    line.product_code = substitution.substitute_product_code;
  return 'done';
}

/** What was held is handed over; of one that is over only the quantities change. */
export function redeem(authorization: Authorization, taken: readonly Taken[]): void {
  use(taken);
  if (!isLive(authorization)) return;
  const nothingLeft = authorization.lines.every((line) => remaining(line) === 0);
  authorization.status = nothingLeft ? 'REDEEMED' : 'PARTIALLY_REDEEMED';
}

/** A completed claim is voided: what it redeemed is free, unless the validity is over by now or the sponsor has paid. */
export function release(authorization: Authorization, taken: readonly Taken[]): void {
  undo(taken);
  if (authorization.status !== 'REDEEMED' && authorization.status !== 'PARTIALLY_REDEEMED') return;
  const untouched = authorization.lines.every((line) => line.redeemed === 0);
  authorization.status = untouched ? 'APPROVED' : 'PARTIALLY_REDEEMED';
  const { expires_at, owner } = authorization;
  if (expires_at !== null && expires_at <= owner.now) authorization.status = 'EXPIRED';
}

/** A claim of it was paid. */
export function pay(authorization: Authorization): void {
  const redeemed = authorization.status === 'REDEEMED' || authorization.status === 'PARTIALLY_REDEEMED';
  if (redeemed) authorization.status = 'PAID';
}

export function expiryOf(authorization: Authorization): number | null {
  return isLive(authorization) ? authorization.expires_at : null;
}
