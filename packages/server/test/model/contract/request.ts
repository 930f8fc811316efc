import type { Authorization } from './authorization.ts';
import { type Line, newLine } from './code.ts';
import {
  halved,
  notCovered,
  notRegistered,
  type Person,
  refused,
  type Sponsor,
  sponsorFails,
} from './sponsors.ts';
import { days, type Site, type Verdict, type World } from './world.ts';

/** Contract section 7. */
export interface Request {
  id: string;
  readonly owner: Site;
  readonly sponsor: Sponsor;
  readonly person: Person;
  readonly named: readonly string[] | undefined;
  readonly products: readonly Asked[];
  status: 'PENDING_INDICATION' | 'PENDING_SPONSOR' | 'COMPLETED' | 'CANCELLED';
  readonly files: string[];
  authorizations: Authorization[];
  /** The magic product has made the sponsor fail. */
  failed: boolean;
  /** When a sponsor that takes its time decides. */
  decides_at: number | null;
}

export interface Asked {
  readonly product_code: string;
  readonly product_type: string;
  readonly quantity: number;
}

export type NewRequest = Pick<Request, 'sponsor' | 'person' | 'named' | 'products'>;

const decisionDelay = 30;
const validity = 30 * days;

export function initiate(world: World, owner: Site, input: NewRequest): Verdict {
  if (input.products.some((each) => each.product_code === notRegistered)) return '071-104';
  if (input.person.coverage === 'expired') return '071-422-coverage-inactive';
  const fresh = { id: '', owner, files: [], authorizations: [], failed: false, decides_at: null };
  world.requests.push({ ...input, ...fresh, status: 'PENDING_INDICATION' });
  return 'done';
}

export function attach(request: Request, site: Site, file_type: string): Verdict {
  if (request.owner !== site) return '071-404-authorization-request';
  if (request.status !== 'PENDING_INDICATION') return '071-409-indications-closed';
  request.files.push(file_type);
  return 'done';
}

export function isMissing({ sponsor, files }: Request): boolean {
  return sponsor.wants !== undefined && !files.includes(sponsor.wants);
}

/** `done` without any authorization where an indication is missing: that is no error. */
export function complete(world: World, request: Request, site: Site): Verdict {
  if (request.owner !== site) return '071-404-authorization-request';
  if (request.status === 'CANCELLED') return '071-409-cancelled';
  if (request.status !== 'PENDING_INDICATION') return '071-409-already-completed';
  if (isMissing(request)) return 'done';
  const { sponsor } = request;
  if (sponsor.decides === 'at once' && sponsorHasFailed(request)) return '071-503';
  if (sponsor.flaky) {
    site.evaluations += 1;
    if (site.evaluations % 2 === 0) return '071-503';
  }
  request.authorizations = placeholders(request);
  world.authorizations.push(...request.authorizations);
  request.status = 'PENDING_SPONSOR';
  if (sponsor.decides === 'at once') decide(request, byFixtures(request));
  if (sponsor.decides === 'later') request.decides_at = site.now + decisionDelay;
  return 'done';
}

/** Once per request with the magic product. */
function sponsorHasFailed(request: Request): boolean {
  if (request.failed || request.products.every((each) => each.product_code !== sponsorFails)) return false;
  request.failed = true;
  return true;
}

function placeholders(request: Request): Authorization[] {
  const types = [...new Set(request.products.map((each) => each.product_type))];
  return types.map((product_type) => ({
    kind: 'AUTHORIZATION',
    id: '',
    code: null,
    owner: request.owner,
    sponsor: request.sponsor,
    person: request.person,
    named: request.named,
    product_type,
    status: 'PENDING_SPONSOR',
    lines: request.products
      .filter((each) => each.product_type === product_type)
      .map((each) => newLine(each.product_code, each.quantity, 0)),
    rejection_code: null,
    payment_type: 'DIRECT_PAYMENT',
    expires_at: null,
  }));
}

/** The quantity that is granted, or why nothing is. */
type Decide = (asked: Asked) => number | string;

function byFixtures({ person }: Request): Decide {
  return ({ product_code, quantity }) => {
    if (person.coverage === 'exhausted') return 'COVERAGE_EXHAUSTED';
    if (product_code === notCovered) return 'NOT_COVERED';
    if (product_code === refused) return 'MEDICAL_CRITERIA';
    return product_code === halved ? Math.max(1, Math.floor(quantity / 2)) : quantity;
  };
}

/** Per product type: refused as a whole only when every line is. */
function decide(request: Request, of: Decide): void {
  request.status = 'COMPLETED';
  for (const authorization of request.authorizations) {
    const asked = request.products.filter((each) => each.product_type === authorization.product_type);
    const outcomes = asked.map(of);
    authorization.lines = asked.map((each, index): Line => {
      const outcome = outcomes[index];
      return newLine(each.product_code, each.quantity, typeof outcome === 'number' ? outcome : 0);
    });
    const [first] = outcomes;
    if (outcomes.every((outcome) => typeof outcome === 'string')) {
      authorization.status = 'REJECTED';
      authorization.rejection_code = String(first);
    } else {
      authorization.status = 'APPROVED';
      authorization.expires_at = request.owner.now + validity;
    }
  }
}

export interface ByHand {
  readonly decision: 'APPROVED' | 'REJECTED';
  readonly rejection_code?: string;
  readonly lines: readonly HandLine[];
}

export interface HandLine {
  readonly product_code: string;
  readonly decision: 'APPROVED' | 'REJECTED';
  readonly authorized_quantity?: number;
}

export function decideByHand(request: Request, site: Site, input: ByHand): Verdict {
  if (request.owner !== site) return '071-404-authorization-request';
  const sound = input.lines.every(({ product_code, authorized_quantity = 0 }) =>
    request.products.some(
      (each) => each.product_code === product_code && authorized_quantity <= each.quantity,
    ),
  );
  if (!sound) return '071-422-validation';
  if (request.status !== 'PENDING_SPONSOR') return '071-409-already-decided';
  decide(request, ({ product_code, quantity }) => {
    const line = input.lines.find((each) => each.product_code === product_code);
    if ((line ?? input).decision === 'APPROVED') return line?.authorized_quantity ?? quantity;
    return line === undefined ? (input.rejection_code ?? 'SPONSOR_OTHER') : 'SPONSOR_OTHER';
  });
  return 'done';
}

/** A decision that comes later is discarded. */
export function cancel(request: Request, site: Site): Verdict {
  if (request.owner !== site) return '071-404-authorization-request';
  if (request.status === 'COMPLETED' || request.status === 'CANCELLED') return '071-409-not-cancellable';
  request.status = 'CANCELLED';
  for (const authorization of request.authorizations) authorization.status = 'VOIDED';
  return 'done';
}

export function decisionOf(request: Request): number | null {
  return request.status === 'PENDING_SPONSOR' ? request.decides_at : null;
}

/** The slow sponsor's own time. It fails too, and is asked again. */
export function decisionDue(request: Request): void {
  if (sponsorHasFailed(request)) request.decides_at = request.owner.now + decisionDelay;
  else decide(request, byFixtures(request));
}
