import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Every label has few values, whatever callers send and however many providers there are. */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Histogram<'method' | 'route' | 'status'>;
  readonly tokenFailures: Counter<'reason'>;
  readonly bearerRefusals: Counter<'reason'>;
  readonly attempts: Counter<'outcome' | 'answer' | 'error'>;
  readonly abandoned: Counter<string>;
  readonly injectedFaults: Counter<'surface'>;
  readonly lostLogEntries: Counter<'reason'>;
  readonly removedRows: Counter<'table'>;
  readonly dueWork: Gauge<string>;
  readonly overdueWork: Gauge<string>;
  readonly oldestDueWork: Gauge<string>;
  readonly pendingDeliveries: Gauge<string>;
  readonly oldestUndelivered: Gauge<string>;
  readonly databaseUp: Gauge<string>;
}

export interface ProcessInfo {
  readonly environment: string;
  readonly role: string;
  readonly version: string;
}

/** Each server has its own registry, so that several can live in one process. */
export function createMetrics(info: ProcessInfo): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'osigu_process_info',
    help: 'Always 1: which environment, role and version this process is.',
    labelNames: ['environment', 'role', 'version'],
    registers,
  }).set({ ...info }, 1);
  return {
    registry,
    ...callMetrics(registers),
    ...deliveryMetrics(registers),
    ...databaseMetrics(registers),
  };
}

function callMetrics(registers: Registry[]) {
  return {
    requests: new Histogram({
      name: 'osigu_http_request_duration_seconds',
      help: 'Latency of requests, those without an injected fault; its count is the request rate.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    tokenFailures: fromZero(
      new Counter({
        name: 'osigu_token_failures_total',
        help: 'Refused calls of the token endpoint.',
        labelNames: ['reason'],
        registers,
      }),
      ['invalid_client', 'invalid_request', 'unsupported_grant_type', 'rate_limited'].map(reasonOf),
    ),
    bearerRefusals: fromZero(
      new Counter({
        name: 'osigu_bearer_refusals_total',
        help: 'Calls refused with 401, because the token was missing, expired, or invalid in any other way.',
        labelNames: ['reason'],
        registers,
      }),
      ['missing', 'expired', 'invalid'].map(reasonOf),
    ),
    injectedFaults: fromZero(
      new Counter({
        name: 'osigu_injected_faults_total',
        help: 'Calls and delivery attempts that met an injected fault; no other metric but abandoned counts them.',
        labelNames: ['surface'],
        registers,
      }),
      [{ surface: 'call' }, { surface: 'delivery' }],
    ),
    lostLogEntries: fromZero(
      new Counter({
        name: 'osigu_request_log_lost_total',
        help: 'Calls that are not in the request log: too many at once (overflow), or not writable (failure).',
        labelNames: ['reason'],
        registers,
      }),
      ['overflow', 'failure'].map(reasonOf),
    ),
  };
}

const reasonOf = (reason: string) => ({ reason });

function deliveryMetrics(registers: Registry[]) {
  return {
    attempts: fromZero(
      new Counter({
        name: 'osigu_webhook_attempts_total',
        help: 'Delivery attempts by outcome (delivered, retry, abandoned), answer (2xx to 5xx, none) and error.',
        labelNames: ['outcome', 'answer', 'error'],
        registers,
      }),
      [
        { outcome: 'delivered', answer: '2xx', error: 'none' },
        ...['3xx', '4xx', '5xx'].map((answer) => ({ outcome: 'retry', answer, error: 'none' })),
        ...['TIMEOUT', 'CONNECTION_REFUSED'].map((error) => ({ outcome: 'retry', answer: 'none', error })),
      ],
    ),
    abandoned: new Counter({
      name: 'osigu_webhook_deliveries_abandoned_total',
      help: 'Deliveries that were given up.',
      registers,
    }),
  };
}

/** What the pages of all processes on one database say alike, and what this one has removed of it. */
function databaseMetrics(registers: Registry[]) {
  return {
    removedRows: new Counter({
      name: 'osigu_retention_removed_rows_total',
      help: 'Rows that were removed because they were too old or too many, by table.',
      labelNames: ['table'],
      registers,
    }),
    databaseUp: new Gauge({
      name: 'osigu_database_up',
      help: 'Whether the database answers; while it does not, the gauges of it are NaN.',
      registers,
    }),
    dueWork: new Gauge({
      name: 'osigu_due_work_rows',
      help: 'Due work that has not been done yet, also what is due in the future; counted up to 10000.',
      registers,
    }),
    overdueWork: new Gauge({
      name: 'osigu_due_work_overdue_rows',
      help: 'Due work whose time has come; counted up to 10000.',
      registers,
    }),
    oldestDueWork: new Gauge({
      name: 'osigu_due_work_oldest_age_seconds',
      help: 'How late the oldest row of due work is; grows when the pipeline stalls.',
      registers,
    }),
    pendingDeliveries: new Gauge({
      name: 'osigu_webhook_deliveries_pending',
      help: 'Deliveries that wait for an attempt; counted up to 10000.',
      registers,
    }),
    oldestUndelivered: new Gauge({
      name: 'osigu_webhook_oldest_undelivered_age_seconds',
      help: 'How long ago, in real time, the oldest delivery was made that still waits for an attempt.',
      registers,
    }),
  };
}

/** A series that is there from the start shows its first failure as an increase; one that comes with it does not. */
function fromZero<L extends string>(
  counter: Counter<L>,
  series: readonly Partial<Record<L, string>>[],
): Counter<L> {
  for (const labels of series) counter.inc(labels, 0);
  return counter;
}
