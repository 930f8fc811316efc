import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fault } from '../../platform/errors.ts';
import { equalInConstantTime } from '../../platform/hashing.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Store } from '../../store/store.ts';
import { bearerToken } from '../plugins/authentication.ts';
import { createReadings } from './readings.ts';

export interface OperationsOptions {
  readonly store: Store;
  readonly metrics: Metrics;
  /** What `/metrics` asks for; undefined: it is open. */
  readonly metricsKey: string | undefined;
  /** True until the server begins to stop. */
  readonly accepting: () => boolean;
}

/** Liveness, readiness and metrics; not part of the API, hence not in its document. */
export function operationsRoutes(
  app: FastifyInstance,
  { store, metrics, metricsKey, accepting }: OperationsOptions,
): void {
  const hidden = { schema: { hide: true } };
  const readDatabase = createReadings(store, metrics);

  app.get('/healthz', hidden, async () => ({ status: 'ok' }));

  app.get('/readyz', hidden, async (_request, reply) => {
    const ready = accepting() && (await answers(store));
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'unavailable' });
  });

  app.get('/metrics', hidden, async (request, reply) => {
    if (metricsKey !== undefined) requireKey(request, metricsKey);
    await readDatabase();
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}

function requireKey(request: FastifyRequest, key: string): void {
  const token = bearerToken(request);
  if (token === undefined || !equalInConstantTime(token, key)) throw fault('071-401');
}

async function answers(store: Store): Promise<boolean> {
  try {
    await store.db.selectFrom('settings').select('name').limit(1).execute();
    return true;
  } catch {
    return false;
  }
}
