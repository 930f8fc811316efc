import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  readonly requests: Histogram<'method' | 'route' | 'status'>;
  readonly tokenFailures: Counter<'reason'>;
  readonly deliveries: Counter<'outcome'>;
  readonly dueWork: Gauge<string>;
  readonly oldestDueWork: Gauge<string>;
  readonly pendingDeliveries: Gauge<string>;
}

/** Each server has its own registry, so that several can live in one process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    requests: new Histogram({
      name: 'osigu_http_request_duration_seconds',
      help: 'Latency of requests; its count is the request rate, status 4xx and 5xx are the errors.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    tokenFailures: new Counter({
      name: 'osigu_token_failures_total',
      help: 'Refused calls of the token endpoint.',
      labelNames: ['reason'],
      registers,
    }),
    deliveries: new Counter({
      name: 'osigu_webhook_attempts_total',
      help: 'Webhook delivery attempts by outcome: delivered, retry or abandoned.',
      labelNames: ['outcome'],
      registers,
    }),
    dueWork: new Gauge({
      name: 'osigu_due_work_rows',
      help: 'Due work that has not been done yet.',
      registers,
    }),
    oldestDueWork: new Gauge({
      name: 'osigu_due_work_oldest_age_seconds',
      help: 'How late the oldest row of due work is; grows when the pipeline stalls.',
      registers,
    }),
    pendingDeliveries: new Gauge({
      name: 'osigu_webhook_deliveries_pending',
      help: 'Deliveries that wait for an attempt.',
      registers,
    }),
  };
}
