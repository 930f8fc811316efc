import type { Environment } from '@osigu-sandbox/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { clockRoutes } from './api/control/clock.ts';
import { decisionRoutes } from './api/control/decisions.ts';
import { faultRoutes } from './api/control/faults.ts';
import { liveRoutes } from './api/control/live.ts';
import { providerControlRoutes } from './api/control/providers.ts';
import { requestRoutes } from './api/control/requests.ts';
import { settlementControlRoutes } from './api/control/settlements.ts';
import { snapshotRoutes } from './api/control/snapshots.ts';
import { sponsorControlRoutes } from './api/control/sponsors.ts';
import { letInWhoWaits } from './api/draining.ts';
import { createEndpoints } from './api/endpoint.ts';
import { authorizationRequestRoutes } from './api/guide/authorization-requests.ts';
import { authorizationRoutes } from './api/guide/authorizations.ts';
import { catalogueRoutes } from './api/guide/catalogues.ts';
import { claimRoutes } from './api/guide/claims.ts';
import { dispensingRoutes } from './api/guide/dispensing.ts';
import { oauthRoutes } from './api/guide/oauth.ts';
import { patientRoutes } from './api/guide/patients.ts';
import { prescriptionRoutes } from './api/guide/prescriptions.ts';
import { settlementRoutes } from './api/guide/settlements.ts';
import { sponsorRoutes } from './api/guide/sponsors.ts';
import { verificationRoutes } from './api/guide/verification.ts';
import { webhookRoutes } from './api/guide/webhooks.ts';
import { createLimits, type Limits } from './api/limits.ts';
import { docsRoutes, installDocument } from './api/ops/docs.ts';
import { operationsRoutes } from './api/ops/operations.ts';
import { createFaultInjection } from './api/plugins/faults.ts';
import { createServer } from './api/server.ts';
import { expiryHandler } from './core/authorizations/authorizations.ts';
import { decisionWork } from './core/authorizations/complete.ts';
import { decisionHandler } from './core/authorizations/decide.ts';
import { expiryWork } from './core/authorizations/grant.ts';
import { claimExpiry } from './core/claims/close.ts';
import { claimExpiryKind } from './core/claims/open.ts';
import { dispensationTimeout } from './core/dispensing/cancel.ts';
import { timeoutKind } from './core/dispensing/open.ts';
import { mailHandler, plainMails } from './core/outbox/mail.ts';
import { mailWork } from './core/outbox/outbox.ts';
import { prescriptionExpiryHandler, prescriptionExpiryWork } from './core/prescriptions/end.ts';
import { prescriptionMailWork } from './core/prescriptions/mails/post.ts';
import { prescriptionMails } from './core/prescriptions/mails/send.ts';
import { createSecretChecker } from './core/providers/secrets.ts';
import { createRequestLog, type LogBounds } from './core/requests/request-log.ts';
import type { Retention } from './core/retention/prune.ts';
import { createRetention } from './core/retention/retention.ts';
import { evaluationHandler } from './core/settlements/decision/resolve.ts';
import { evaluationWork } from './core/settlements/dispatch.ts';
import { createSigningKeys } from './core/tokens/signing-keys.ts';
import { createTokens } from './core/tokens/tokens.ts';
import { recoverDueWork } from './engine/advance.ts';
import { connectionsOf } from './engine/connections.ts';
import { createDueBell } from './engine/due-bell.ts';
import { createLive, type Live } from './engine/live.ts';
import type { DueHandlers } from './engine/run-due.ts';
import { shareLive } from './engine/shared-live.ts';
import { createUnitsOfWork, type UnitsOfWork } from './engine/unit-of-work.ts';
import { createWorker } from './engine/worker.ts';
import { newRowId } from './platform/ids.ts';
import type { Log } from './platform/log.ts';
import { createMailer } from './platform/mail.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import { createNumbers } from './store/numbers.ts';
import { openBus } from './store/open-bus.ts';
import { openStore, type Store } from './store/store.ts';
import { countAttempt } from './webhooks/attempt-metrics.ts';
import { createAttemptHandler } from './webhooks/deliver.ts';
import { attemptKind } from './webhooks/enqueue.ts';
import { liveAttempt } from './webhooks/live-attempt.ts';
import { createSenderThread } from './webhooks/sending/thread.ts';
import { replayKind, replayWork } from './webhooks/subscriptions/replay.ts';
import { resumptionKind, resumptionWork } from './webhooks/subscriptions/resumption.ts';
import type { TargetPolicy } from './webhooks/target-rules.ts';

export const version = '0.1.0';

/** `serve` answers calls, `work` does what happens later; any number of each on one PostgreSQL. */
export type Role = 'all' | 'serve' | 'work';

export interface SandboxOptions {
  /** `postgres://…`, or the path of an SQLite file (`:memory:` for none). */
  readonly database: string;
  readonly environment: Environment;
  readonly hosted: boolean;
  readonly operatorKey: string;
  readonly publicUrl: string | undefined;
  readonly smtpUrl: string | undefined;
  readonly corsOrigins: '*' | readonly string[];
  readonly trustProxy?: boolean;
  readonly webhookRanges?: readonly string[];
  readonly nameServers?: readonly string[];
  readonly log: Log;
  /** False while what every sandbox has is still being made: it serves, but is not ready. */
  readonly isPrepared?: () => boolean;
  readonly poolSize?: number;
  readonly redisUrl?: string | undefined;
  /** What this process does of the whole; by default everything. */
  readonly role?: Role;
  /** Other bounds of the request log than the usual ones. */
  readonly requestLog?: LogBounds;
  /** Other than the usual: how much is kept of what happened. */
  readonly retention?: Retention;
  /** Milliseconds for calls that are on their way over open connections when it stops; by default none. */
  readonly stopPatience?: number;
}

export interface Sandbox {
  readonly app: FastifyInstance;
  readonly units: UnitsOfWork;
  /** Begins the work that happens later; until then only requests are served. */
  startWorker(): void;
  /** No new work; what runs is finished, then everything is closed. */
  stop(): Promise<void>;
}

/** Wires the parts of one server: an explicit list, in the order of the house. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { environment, log, operatorKey } = options;
  const metrics = createMetrics({ environment, role: options.role ?? 'all', version });
  const store = await openStore({
    location: options.database,
    claims: options.role === 'serve' ? 'at times' : 'always',
    ...(options.poolSize !== undefined && { poolSize: options.poolSize }),
  });
  const numbers = createNumbers(store);
  const mailer = options.smtpUrl === undefined ? undefined : createMailer(options.smtpUrl);
  const bus = await openBus(options.database, options.redisUrl);
  const ringOthers = createDueBell(bus);
  const wake = (dueAtReal: number, lane?: string) => {
    worker.wake(dueAtReal, lane);
    if (!worker.isReady()) ringOthers(dueAtReal);
  };
  bus.listen('due', (dueAtReal) => worker.wake(Number(dueAtReal)));
  const live = shareLive(createLive(), bus, newRowId());
  const units = createUnitsOfWork(store, numbers, environment, wake, mailer !== undefined, live.publish);

  const policy: TargetPolicy = {
    profile: options.hosted ? 'hosted' : 'local',
    allowed_ranges: options.webhookRanges ?? [],
    ...(options.nameServers !== undefined && { name_servers: options.nameServers }),
  };
  const connections = () => connectionsOf(store.living(), options.role !== 'serve');
  const sender = createSenderThread(policy, connections);
  const handlers: DueHandlers = {
    [decisionWork]: decisionHandler(log),
    [expiryWork]: expiryHandler,
    [mailWork]: mailHandler(units, mailer, plainMails(log)),
    [attemptKind]: createAttemptHandler({
      units,
      sender,
      onAttempt: (report) => {
        countAttempt(metrics, report);
        if (live.isWatched(report.provider_id)) live.publish(report.provider_id, liveAttempt(report));
      },
    }),
    [replayKind]: replayWork,
    [resumptionKind]: resumptionWork,
    [timeoutKind]: dispensationTimeout,
    [prescriptionExpiryWork]: prescriptionExpiryHandler,
    [prescriptionMailWork]: mailHandler(units, mailer, prescriptionMails(store.db, environment)),
    [claimExpiryKind]: claimExpiry,
    [evaluationWork]: evaluationHandler(log),
  };
  const worker = createWorker(units, handlers, log, connections);
  await recoverDueWork(units);

  const keys = createSigningKeys(store);
  const tokens = createTokens(keys, environment);
  const limits = await createLimits({
    postgresUrl: store.dialect === 'postgres' ? options.database : undefined,
    redisUrl: options.redisUrl,
  });
  const faults = environment === 'sandbox' ? createFaultInjection(store.db) : undefined;
  const requestLog = createRequestLog({
    store,
    log,
    live,
    onLost: (reason, calls) => metrics.lostLogEntries.inc({ reason }, calls),
    ...options.requestLog,
  });
  const app = await createServer({
    store,
    tokens,
    limits: limits.limits,
    operatorKey,
    log,
    metrics,
    corsOrigins: options.corsOrigins,
    trustProxy: options.trustProxy ?? false,
    faults,
    requestLog: environment === 'sandbox' ? requestLog : undefined,
    stopPatience: options.stopPatience ?? 0,
  });

  let accepting = true;
  const retention = createRetention({
    store,
    log,
    retention: options.retention ?? { days: 30, rows: 100_000 },
    onRemoved: (table, rows) => metrics.removedRows.inc({ table }, rows),
  });
  operationsRoutes(app, {
    store,
    metrics,
    metricsKey: options.hosted || environment === 'production' ? operatorKey : undefined,
    accepting: () => accepting && options.isPrepared?.() !== false,
  });
  if (options.role !== 'work') {
    await apiRoutes(options, {
      app,
      store,
      units,
      handlers,
      policy,
      keys,
      tokens,
      limits: limits.limits,
      metrics,
      live,
      faults,
      requestLog,
    });
  }

  return {
    app,
    units,
    startWorker: () => {
      if (options.role === 'serve') return;
      worker.start();
      retention.start();
    },
    stop: async () => {
      accepting = false;
      faults?.stop();
      await letInWhoWaits(app);
      await app.close();
      await requestLog.stop();
      await worker.stop();
      await retention.stop();
      await sender.close();
      mailer?.close();
      await limits.close();
      await bus.close();
      await store.close();
    },
  };
}

interface ApiParts {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly units: UnitsOfWork;
  readonly handlers: DueHandlers;
  readonly policy: TargetPolicy;
  readonly keys: ReturnType<typeof createSigningKeys>;
  readonly tokens: ReturnType<typeof createTokens>;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly live: Live;
  readonly faults: ReturnType<typeof createFaultInjection> | undefined;
  readonly requestLog: ReturnType<typeof createRequestLog>;
}

async function apiRoutes(options: SandboxOptions, parts: ApiParts): Promise<void> {
  const { environment, log } = options;
  const { app, store, units, handlers, policy, keys, tokens, limits, metrics, live, faults, requestLog } =
    parts;
  const baseUrlOf = (request: FastifyRequest) => options.publicUrl ?? `${request.protocol}://${request.host}`;
  await installDocument(app, { baseUrl: options.publicUrl, version });
  docsRoutes(app);

  const endpoints = createEndpoints(app, units);
  oauthRoutes(endpoints, {
    store,
    tokens,
    keys,
    secrets: createSecretChecker(),
    limits,
    metrics,
    faults,
    issuerOf: baseUrlOf,
  });
  sponsorRoutes(endpoints);
  verificationRoutes(endpoints);
  catalogueRoutes(endpoints);
  authorizationRequestRoutes(endpoints);
  authorizationRoutes(endpoints);
  dispensingRoutes(endpoints);
  patientRoutes(endpoints);
  prescriptionRoutes(endpoints, { store, environment, baseUrlOf });
  claimRoutes(endpoints);
  settlementRoutes(endpoints);
  webhookRoutes(endpoints, units, policy);
  if (environment === 'sandbox') {
    const control = { units, handlers, log, environment, baseUrlOf };
    providerControlRoutes(endpoints, control);
    clockRoutes(endpoints, control);
    snapshotRoutes(endpoints, control);
    decisionRoutes(endpoints, control);
    requestRoutes(endpoints, control, requestLog);
    liveRoutes(endpoints, { ...control, app, live });
    settlementControlRoutes(endpoints, control);
    sponsorControlRoutes(endpoints, control);
    if (faults !== undefined) faultRoutes(endpoints, control, faults);
  }
}
