import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** Browser clients of integrators (O); contract section 2. */
export async function installCors(app: FastifyInstance, origins: '*' | readonly string[]): Promise<void> {
  await app.register(cors, {
    origin: origins === '*' ? '*' : [...origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'enctype', 'idempotency-key', 'x-request-id'],
    exposedHeaders: [
      'Location',
      'Retry-After',
      'X-Request-Id',
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
      'X-Sandbox-Fault',
    ],
    maxAge: 600,
    // A preflight of an unknown route is answered as well: the real call then says 404.
    strictPreflight: false,
  });
}
