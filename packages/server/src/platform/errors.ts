import { type ErrorCode, errorRegistry } from '@osigu-sandbox/contract';

/** One thing that is wrong with a request: `path` as in `products[0].quantity`. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

export interface FaultDetail {
  /** Replaces the registry's text when it can say more; public. */
  readonly message?: string;
  readonly errors?: readonly Issue[];
  /** Whole seconds, sent as `Retry-After`. */
  readonly retryAfter?: number;
  /** Of an injected fault whose status the registry does not know. */
  readonly status?: number;
  /** Goes to the log only. */
  readonly cause?: unknown;
}

/** An answer of the error registry, thrown from wherever it is noticed. */
export class Fault extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly errors: readonly Issue[];
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, detail: FaultDetail = {}) {
    super(detail.message ?? errorRegistry[code].message, { cause: detail.cause });
    this.name = 'Fault';
    this.code = code;
    this.status = detail.status ?? errorRegistry[code].status;
    this.errors = detail.errors ?? [];
    this.retryAfter = detail.retryAfter;
  }
}

export function fault(code: ErrorCode, detail?: FaultDetail): Fault {
  return new Fault(code, detail);
}

/** 422 listing every issue; does nothing when there is none. */
export function rejectIssues(issues: readonly Issue[], code: ErrorCode = '071-422-validation'): void {
  if (issues.length > 0) throw fault(code, { errors: issues });
}
