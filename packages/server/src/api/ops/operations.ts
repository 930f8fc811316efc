import type { FastifyInstance } from 'fastify';
import { dueWorkBacklog } from '../../engine/due-work.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Store } from '../../store/store.ts';

export interface OperationsOptions {
  readonly store: Store;
  readonly metrics: Metrics;
  /** True until the server begins to stop. */
  readonly accepting: () => boolean;
}

/** Liveness, readiness and metrics; not part of the API, hence not in its document. */
export function operationsRoutes(
  app: FastifyInstance,
  { store, metrics, accepting }: OperationsOptions,
): void {
  const hidden = { schema: { hide: true } };

  app.get('/healthz', hidden, async () => ({ status: 'ok' }));

  app.get('/readyz', hidden, async (_request, reply) => {
    const ready = accepting() && (await answers(store));
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'unavailable' });
  });

  app.get('/metrics', hidden, async (_request, reply) => {
    const [backlog, pending] = await Promise.all([dueWorkBacklog(store.db), pendingDeliveries(store)]);
    metrics.dueWork.set(backlog.rows);
    metrics.oldestDueWork.set(backlog.oldest_age_ms / 1_000);
    metrics.pendingDeliveries.set(pending);
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}

async function answers(store: Store): Promise<boolean> {
  try {
    await store.db.selectFrom('settings').select('name').limit(1).execute();
    return true;
  } catch {
    return false;
  }
}

async function pendingDeliveries(store: Store): Promise<number> {
  const { pending } = await store.db
    .selectFrom('due_work')
    .select((eb) => eb.fn.countAll<number>().as('pending'))
    .where('kind', '=', 'webhook.attempt')
    .executeTakeFirstOrThrow();
  return Number(pending);
}
