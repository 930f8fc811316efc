import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { transformRoute } from './document.ts';
import { eventDocument } from './event-document.ts';

export interface DocsOptions {
  readonly baseUrl: string | undefined;
  readonly version: string;
}

/** Collects the routes that are declared after it for /openapi.json. */
export async function installDocument(app: FastifyInstance, options: DocsOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Osigu sandbox',
        version: options.version,
        license: { name: 'MIT' },
        description:
          'A self-hostable sandbox of the Osigu API. An independent implementation, not made or endorsed by Osigu. ' +
          'Every operation carries `x-provenance`: `documented` is published by Osigu, `observed` is what integrations ' +
          'in the field rely on, `sandbox` is a choice of this project where nothing is published.',
      },
      servers: [{ url: options.baseUrl ?? '/' }],
      webhooks: eventDocument(),
      components: {
        securitySchemes: {
          basic: {
            type: 'http',
            scheme: 'basic',
            description: 'Client id and secret, at the token endpoint.',
          },
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          operator_key: { type: 'http', scheme: 'bearer', description: 'The operator key.' },
        },
      },
    },
    refResolver: { buildLocalReference: (schema) => String(schema.$id) },
    transform: transformRoute,
  });
}

/** The document as JSON, and the API reference in the browser. */
export function docsRoutes(app: FastifyInstance): void {
  const hidden = { schema: { hide: true } };
  app.get('/openapi.json', hidden, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
  );

  // Loaded when somebody looks at it: the reference is larger than the rest of the program together.
  let reference: Promise<FastifyInstance> | undefined;
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    reference ??= createReference();
    const answer = await (await reference).inject({ method: 'GET', url: request.url });
    for (const name of ['content-type', 'etag', 'cache-control', 'location'] as const) {
      const value = answer.headers[name];
      if (value !== undefined) reply.header(name, value);
    }
    reply.header('content-security-policy', contentPolicy).header('x-content-type-options', 'nosniff');
    return reply.code(answer.statusCode).send(answer.rawPayload);
  };
  app.get('/docs', hidden, handler);
  app.get('/docs/*', hidden, handler);
}

async function createReference(): Promise<FastifyInstance> {
  const { default: apiReference } = await import('@scalar/fastify-api-reference');
  const reference = Fastify({ routerOptions: { ignoreTrailingSlash: true } });
  await reference.register(apiReference, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      withDefaultFonts: false,
      telemetry: false,
      showDeveloperTools: 'never',
      mcp: { disabled: true },
      agent: { disabled: true },
    },
  });
  return reference;
}

/** The page talks to this server only. */
const contentPolicy =
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";
