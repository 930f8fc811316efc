import type { Environment } from '@osigu-sandbox/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { clockRoutes } from './api/control/clock.ts';
import { decisionRoutes } from './api/control/decisions.ts';
import { providerControlRoutes } from './api/control/providers.ts';
import { settlementControlRoutes } from './api/control/settlements.ts';
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
import { forgetOldKeys } from './api/idempotency.ts';
import { createLimits } from './api/limits.ts';
import { docsRoutes, installDocument } from './api/ops/docs.ts';
import { operationsRoutes } from './api/ops/operations.ts';
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
import { evaluationHandler } from './core/settlements/decision/resolve.ts';
import { evaluationWork } from './core/settlements/dispatch.ts';
import { createSigningKeys } from './core/tokens/signing-keys.ts';
import { createTokens } from './core/tokens/tokens.ts';
import { recoverDueWork } from './engine/advance.ts';
import { createUnitsOfWork, type UnitsOfWork } from './engine/unit-of-work.ts';
import { createWorker, type DueHandlers } from './engine/worker.ts';
import type { Log } from './platform/log.ts';
import { createMailer } from './platform/mail.ts';
import { createMetrics } from './platform/metrics.ts';
import { every, hour } from './platform/time.ts';
import { createNumbers } from './store/numbers.ts';
import { openStore } from './store/store.ts';
import { createAttemptHandler } from './webhooks/deliver.ts';
import { attemptKind } from './webhooks/enqueue.ts';
import { createSender } from './webhooks/sender.ts';
import type { TargetPolicy } from './webhooks/target-rules.ts';

export const version = '0.1.0';

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
  readonly log: Log;
  /** False while what every sandbox has is still being made: it serves, but is not ready. */
  readonly isPrepared?: () => boolean;
  readonly poolSize?: number;
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
  const metrics = createMetrics();
  const store = await openStore({
    location: options.database,
    ...(options.poolSize !== undefined && { poolSize: options.poolSize }),
  });
  const numbers = createNumbers(store);
  const mailer = options.smtpUrl === undefined ? undefined : createMailer(options.smtpUrl);
  const wake = (dueAtReal: number, lane?: string) => worker.wake(dueAtReal, lane);
  const units = createUnitsOfWork(store, numbers, environment, wake, mailer !== undefined);

  const policy: TargetPolicy = {
    profile: options.hosted ? 'hosted' : 'local',
    allowed_ranges: options.webhookRanges ?? [],
  };
  const sender = createSender({ policy });
  const handlers: DueHandlers = {
    [decisionWork]: decisionHandler(log),
    [expiryWork]: expiryHandler,
    [mailWork]: mailHandler(units, mailer, plainMails(log)),
    [attemptKind]: createAttemptHandler({
      units,
      sender,
      onAttempt: ({ outcome }) => metrics.deliveries.inc({ outcome }),
    }),
    [timeoutKind]: dispensationTimeout,
    [prescriptionExpiryWork]: prescriptionExpiryHandler,
    [prescriptionMailWork]: mailHandler(units, mailer, prescriptionMails(store.db, environment)),
    [claimExpiryKind]: claimExpiry,
    [evaluationWork]: evaluationHandler(log),
  };
  const worker = createWorker(units, handlers, log);
  await recoverDueWork(units);

  const keys = createSigningKeys(store);
  const tokens = createTokens(keys, environment);
  const limits = await createLimits(store.dialect === 'postgres' ? options.database : undefined);
  const app = await createServer({
    store,
    tokens,
    limits: limits.limits,
    operatorKey,
    log,
    metrics,
    corsOrigins: options.corsOrigins,
    trustProxy: options.trustProxy ?? false,
  });

  let accepting = true;
  let stopHousekeeping = () => {};
  const baseUrlOf = (request: FastifyRequest) => options.publicUrl ?? `${request.protocol}://${request.host}`;
  await installDocument(app, { baseUrl: options.publicUrl, version });
  operationsRoutes(app, { store, metrics, accepting: () => accepting && options.isPrepared?.() !== false });
  docsRoutes(app);

  const endpoints = createEndpoints(app, units);
  oauthRoutes(endpoints, {
    store,
    tokens,
    keys,
    secrets: createSecretChecker(),
    limits: limits.limits,
    metrics,
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
  webhookRoutes(endpoints, policy);
  if (environment === 'sandbox') {
    const control = { units, handlers, log, environment, baseUrlOf };
    providerControlRoutes(endpoints, control);
    clockRoutes(endpoints, control);
    decisionRoutes(endpoints, control);
    settlementControlRoutes(endpoints, control);
  }

  return {
    app,
    units,
    startWorker: () => {
      worker.start();
      stopHousekeeping = every(hour, () => {
        forgetOldKeys(store.db).catch((error: unknown) => log.warn({ err: error }, 'housekeeping failed'));
      });
    },
    stop: async () => {
      accepting = false;
      stopHousekeeping();
      await app.close();
      await worker.stop();
      await sender.close();
      mailer?.close();
      await limits.close();
      await store.close();
    },
  };
}
