import type { FastifySchema } from 'fastify';

interface RouteSchema extends FastifySchema {
  'x-body-example'?: unknown;
  'x-failures'?: Readonly<Record<string, unknown>>;
  tags?: readonly string[];
}

interface Transformable {
  schema: FastifySchema;
  url: string;
}

/** Moves what Fastify's schema has no room for to where the OpenAPI document wants it. */
export function transformRoute({ schema, url }: Transformable): { schema: FastifySchema; url: string } {
  const { 'x-body-example': example, 'x-failures': failures, ...rest } = schema as RouteSchema;
  const route = { ...rest, response: { ...(rest.response as object | undefined), ...failures } };
  if (example === undefined || typeof route.body !== 'object' || route.body === null)
    return { schema: route, url };
  // What stands beside a reference is lost on the way into the document.
  const body = '$ref' in route.body ? { allOf: [route.body] } : route.body;
  return { schema: { ...route, body: { ...body, examples: [example] } }, url };
}
