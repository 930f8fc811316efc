import type { FastifySchema } from 'fastify';

interface RouteSchema extends FastifySchema {
  'x-body-example'?: unknown;
  tags?: readonly string[];
}

interface Transformable {
  schema: FastifySchema;
  url: string;
}

/** Moves what Fastify's schema has no room for to where the OpenAPI document wants it. */
export function transformRoute({ schema, url }: Transformable): { schema: FastifySchema; url: string } {
  const { 'x-body-example': example, ...route } = schema as RouteSchema;
  if (example === undefined || typeof route.body !== 'object') return { schema: route, url };
  return { schema: { ...route, body: { ...route.body, examples: [example] } }, url };
}
