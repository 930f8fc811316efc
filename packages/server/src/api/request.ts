import type { CountryCode, Scope } from '@osigu-sandbox/contract';

/** Who calls, read afresh for every request: a rotation, a lift or a reset holds at once. */
export interface Caller {
  readonly client_id: string;
  readonly provider_id: string;
  readonly provider_slug: string;
  readonly country_code: CountryCode;
  readonly provider_branch_id: string;
  readonly clock_offset: number;
  /** When the provider was last reset: tells one world of its data from the next. */
  readonly reset_at_real: number | null;
  readonly scopes: readonly Scope[];
  /** Of the secret with which its token was got. */
  readonly credential_version: number;
  /** Of the faults in force, if any were set. */
  readonly fault_plan_id: string | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the authentication of guide routes. */
    caller: Caller | undefined;
    /** Set by the authentication of the control surface. */
    operator: boolean;
  }
  interface FastifyContextConfig {
    access?: Access;
    /** Media types of the body that the route takes; JSON where absent. */
    consumes?: readonly string[];
    /** Answers HTML or bytes as well: the Accept header is not held against it. */
    anyAccept?: boolean;
    /** Errors are those of RFC 6749: the token endpoint. */
    oauthErrors?: boolean;
  }
}

/** What a route demands of its caller. */
export type Access =
  /** A valid token, with one of the scopes where any are named. */
  | { readonly kind: 'client'; readonly scopes: readonly Scope[] }
  /** The operator key, or a client's token for its own provider where `own` is true. */
  | { readonly kind: 'control'; readonly own: boolean }
  /** Anybody; with `basic`, the route itself looks at credentials of a client. */
  | { readonly kind: 'public'; readonly basic?: true };
