import { type ErrorCode, errorRegistry } from '@osigu-sandbox/contract';
import type { FastifySchema, HTTPMethods } from 'fastify';
import Type, { type TSchema } from 'typebox';
import type { Access } from './request.ts';

interface Described {
  readonly method: HTTPMethods;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly provenance: string;
  readonly access: Access;
  /** A POST of it may carry an `Idempotency-Key`. */
  readonly takesKey: boolean;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly documentedBody?: TSchema;
  readonly consumes?: readonly string[];
  readonly answers: Readonly<Record<number, TSchema | undefined>>;
  readonly errors?: readonly ErrorCode[];
  readonly bodyExample?: unknown;
}

/** The route's schema for serialisation and for the OpenAPI document; input is validated by `endpoint`. */
export function describeRoute(route: Described): FastifySchema {
  const codes = codesOf(route);
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description && { description: route.description }),
    ...(route.params && { params: route.params }),
    ...(route.query && { querystring: route.query }),
    ...bodyOf(route),
    ...(route.consumes && { consumes: [...route.consumes] }),
    security: securityOf(route.access),
    response: successes(route),
    // Not under `response`: Fastify would build a serialiser for each, and errors are answered with one of their own.
    'x-failures': failures(codes),
    'x-codes': codes,
    'x-provenance': route.provenance,
    'x-badges': [{ name: route.provenance }],
    ...(route.bodyExample !== undefined && { 'x-body-example': route.bodyExample }),
  } as FastifySchema;
}

function bodyOf({ body, documentedBody }: Described): { body?: TSchema } {
  const shown = body ?? documentedBody;
  return shown === undefined ? {} : { body: shown };
}

function securityOf(access: Access): Record<string, string[]>[] {
  switch (access.kind) {
    case 'public':
      return access.basic === true ? [{ basic: [] }] : [];
    case 'control':
      return access.own ? [{ operator_key: [] }, { bearer: [] }] : [{ operator_key: [] }];
    case 'client':
      return [{ bearer: [...access.scopes] }];
  }
}

const meanings: Readonly<Record<string, string>> = { 200: 'Done', 201: 'Created', 204: 'Done, no content' };

function successes(route: Described): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, schema]) => {
      if (schema !== undefined && 'content' in schema) return [status, schema];
      return [status, { ...(schema ?? { type: 'null' }), description: meanings[status] }];
    }),
  );
}

/** An answer that is bytes of one of these media types. */
export function bytesOf(mediaTypes: readonly string[]): TSchema {
  const content = Object.fromEntries(
    mediaTypes.map((type) => [type, { schema: { type: 'string', contentMediaType: type } }]),
  );
  return { description: 'The bytes', content } as TSchema;
}

/** Errors of this route, those of its kind of access, and those of every route. */
function codesOf(route: Described): ErrorCode[] {
  const { access } = route;
  const codes = new Set<ErrorCode>(route.errors ?? []);
  if (access.kind !== 'public') codes.add('071-401');
  if (access.kind === 'client' && access.scopes.length > 0) codes.add('071-403-scope');
  if (access.kind === 'control' && !access.own) codes.add('071-403-operator');
  // The token endpoint, which takes Basic, tells of its limit in its own words.
  if (access.kind === 'client' || (access.kind === 'public' && access.basic !== true)) codes.add('071-429');
  if (route.query !== undefined || route.body !== undefined) codes.add('071-422-validation');
  if (route.body !== undefined) {
    for (const code of ['071-400-malformed', '071-413', '071-415'] as const) codes.add(code);
  }
  if (route.takesKey && route.method === 'POST') {
    for (const code of [
      '071-400-idempotency-key',
      '071-409-idempotency-mismatch',
      '071-409-idempotency-in-progress',
    ] as const) {
      codes.add(code);
    }
  }
  for (const code of ['071-406', '071-500', '071-503'] as const) codes.add(code);
  return [...codes].sort();
}

/** One answer for each status. */
function failures(codes: readonly ErrorCode[]): Record<string, unknown> {
  return Object.fromEntries(
    [...Map.groupBy(codes, (code) => errorRegistry[code].status)].map(([status, list]) => [
      status,
      {
        ...Type.Ref('Error'),
        description: list.map((code) => `\`${code}\` ${errorRegistry[code].message}`).join('\n\n'),
      },
    ]),
  );
}
