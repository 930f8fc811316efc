import {
  Credentials,
  LimitLiftCreate,
  Limits,
  LimitsState,
  OnboardingSheet,
  OutboxEntry,
  Page,
  PageQuery,
  Provider,
  ProviderCreate,
  SponsorSlug,
} from '@osigu-sandbox/contract';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { listMessages } from '../../core/outbox/outbox.ts';
import { liftLimits, readLimits, setLimits } from '../../core/providers/limits.ts';
import { onboardingSheet } from '../../core/providers/onboarding-sheet.ts';
import { resetEveryProvider, resetTenant } from '../../core/providers/reset.ts';
import {
  createProvider,
  listProviders,
  requireProviderId,
  rotateCredentials,
} from '../../core/providers/service.ts';
import { setAffiliations } from '../../core/sponsors/affiliations.ts';
import { ok } from '../answers.ts';
import type { Endpoints } from '../endpoint.ts';
import { pageOf, window } from '../paging.ts';
import { type ControlOptions, operatorOnly, own, ProviderPath, providerIdOf } from './control.ts';

const tag = 'Sandbox control';

export function providerControlRoutes(endpoints: Endpoints, options: ControlOptions): void {
  onboardingRoutes(endpoints, options);
  resetRoutes(endpoints, options);
  limitRoutes(endpoints, options);
  affiliationRoute(endpoints, options);
}

function onboardingRoutes(endpoints: Endpoints, { units, environment, baseUrlOf }: ControlOptions): void {
  const { db } = units.store;
  const surroundings = (request: FastifyRequest) => ({ baseUrl: baseUrlOf(request), environment });

  endpoints.open({
    method: 'POST',
    url: '/_sandbox/v1/providers',
    operationId: 'createProvider',
    tag,
    summary: 'Create a provider with its fixtures',
    description: 'Answers the onboarding sheet, the only time that the secret is shown.',
    provenance: 'sandbox',
    access: operatorOnly,
    body: ProviderCreate,
    bodyExample: { provider_slug: 'clinic-norte', name: 'Clínica Norte', country_code: 'CO' },
    answers: { 201: OnboardingSheet },
    errors: ['071-409-provider-exists'],
    open: async ({ body, request, reply }) => {
      const { client_secret } = await createProvider(units, body);
      const provider_id = await requireProviderId(db, body.provider_slug);
      reply.code(201).header('cache-control', 'no-store');
      return onboardingSheet(db, provider_id, { ...surroundings(request), client_secret });
    },
  });

  endpoints.open({
    method: 'GET',
    url: '/_sandbox/v1/providers',
    operationId: 'listProviders',
    tag,
    summary: 'All providers',
    provenance: 'sandbox',
    access: operatorOnly,
    query: Type.Object(PageQuery),
    answers: { 200: Page(Provider) },
    open: async ({ request, query }) => {
      const { rows, total } = await listProviders(db, window(query));
      return pageOf(request, query, total, rows);
    },
  });

  endpoints.open({
    method: 'GET',
    url: '/_sandbox/v1/providers/:provider_slug/onboarding-sheet',
    operationId: 'getOnboardingSheet',
    tag,
    summary: 'Onboarding sheet of a provider',
    provenance: 'sandbox',
    access: own,
    params: ProviderPath,
    answers: { 200: OnboardingSheet },
    errors: ['071-404-provider', '071-403-provider-mismatch'],
    open: async ({ params, request }) =>
      onboardingSheet(db, await providerIdOf(db, params), surroundings(request)),
  });

  endpoints.open({
    method: 'GET',
    url: '/_sandbox/v1/providers/:provider_slug/outbox',
    operationId: 'listOutbox',
    tag,
    summary: 'Mails and SMS that left or would have, newest first',
    provenance: 'sandbox',
    access: own,
    params: ProviderPath,
    query: Type.Object(PageQuery),
    answers: { 200: Page(OutboxEntry) },
    errors: ['071-404-provider', '071-403-provider-mismatch'],
    exists: (params) => providerIdOf(db, params),
    open: async ({ params, request, query }) => {
      const { rows, total } = await listMessages(db, await providerIdOf(db, params), window(query));
      return pageOf(request, query, total, rows);
    },
  });
}

function resetRoutes(endpoints: Endpoints, { units, log, environment, baseUrlOf }: ControlOptions): void {
  const { db } = units.store;

  endpoints.control({
    method: 'POST',
    url: '/_sandbox/v1/providers/:provider_slug/reset',
    operationId: 'resetProvider',
    tag,
    summary: 'Wipe and reseed one provider',
    description:
      'Same search inputs, credentials, live tokens and subscriptions; new ids, which the answer shows; the clock is back ' +
      'at real time.',
    provenance: 'sandbox',
    access: own,
    params: ProviderPath,
    body: Type.Object({ reason: Type.Optional(Type.String({ maxLength: 500 })) }),
    bodyExample: { reason: 'Next test run' },
    bodyOptional: true,
    answers: { 200: OnboardingSheet },
    errors: ['071-404-provider', '071-403-provider-mismatch'],
    provider: (params) => providerIdOf(db, params),
    lock: 'exclusive',
    write: async (uow, { request }) => {
      await resetTenant(uow);
      const surroundings = { baseUrl: baseUrlOf(request), environment };
      return ok(await onboardingSheet(uow.db, uow.provider.provider_id, surroundings));
    },
    done: ({ params, body }) =>
      log.info({ provider: params.provider_slug, reason: body.reason }, 'provider reset'),
  });

  endpoints.steps({
    method: 'POST',
    url: '/_sandbox/v1/reset',
    operationId: 'resetSandbox',
    tag,
    summary: 'Reset every provider',
    provenance: 'sandbox',
    access: operatorOnly,
    answers: { 200: Type.Object({ providers: Type.Integer() }) },
    plan: async () => null,
    carryOut: async () => ok({ providers: await resetEveryProvider(units) }),
  });

  endpoints.open({
    method: 'POST',
    url: '/_sandbox/v1/providers/:provider_slug/credentials/rotate',
    operationId: 'rotateCredentials',
    tag,
    summary: 'New client secret; the old one and its tokens die at once',
    provenance: 'sandbox',
    access: operatorOnly,
    params: ProviderPath,
    answers: { 200: Credentials },
    errors: ['071-404-provider'],
    open: async ({ params, reply }) => {
      reply.header('cache-control', 'no-store');
      return rotateCredentials(units, await providerIdOf(db, params));
    },
  });
}

/** Which sponsors a provider works with; a reset brings all fixtures back. */
function affiliationRoute(endpoints: Endpoints, { units }: ControlOptions): void {
  const { db } = units.store;
  const Affiliations = Type.Object({
    sponsor_slugs: Type.Array(SponsorSlug, { maxItems: 1_000, uniqueItems: true }),
  });

  endpoints.open({
    method: 'PUT',
    url: '/_sandbox/v1/providers/:provider_slug/affiliations',
    operationId: 'setAffiliations',
    tag,
    summary: 'Sponsors that the provider is affiliated with',
    provenance: 'sandbox',
    access: operatorOnly,
    params: ProviderPath,
    body: Affiliations,
    bodyExample: { sponsor_slugs: ['sponsor-sandbox', 'sponsor-sandbox-async'] },
    answers: { 200: Affiliations },
    errors: ['071-404-provider'],
    exists: (params) => providerIdOf(db, params),
    open: async ({ params, body }) => {
      const provider_id = await providerIdOf(db, params);
      return {
        sponsor_slugs: await units.run(provider_id, (uow) => setAffiliations(uow, body.sponsor_slugs)),
      };
    },
  });
}

function limitRoutes(endpoints: Endpoints, { units }: ControlOptions): void {
  const { db } = units.store;
  const common = {
    tag,
    provenance: 'sandbox',
    params: ProviderPath,
    answers: { 200: LimitsState },
  } as const;
  const exists = (params: { provider_slug: string }) => providerIdOf(db, params);

  endpoints.open({
    ...common,
    method: 'GET',
    url: '/_sandbox/v1/providers/:provider_slug/limits',
    operationId: 'getLimits',
    summary: 'Limits of a client and its lifts',
    access: own,
    errors: ['071-404-provider', '071-403-provider-mismatch'],
    exists,
    open: async ({ params }) => readLimits(db, await providerIdOf(db, params)),
  });

  endpoints.open({
    ...common,
    method: 'PUT',
    url: '/_sandbox/v1/providers/:provider_slug/limits',
    operationId: 'setLimits',
    summary: 'Standing limits per minute',
    access: operatorOnly,
    body: Limits,
    bodyExample: { requests_per_minute: 600, token_requests_per_minute: 60 },
    errors: ['071-404-provider'],
    exists,
    open: async ({ params, body }) => {
      const provider_id = await providerIdOf(db, params);
      await units.run(provider_id, (uow) => setLimits(uow, body));
      return readLimits(db, provider_id);
    },
  });

  endpoints.control({
    ...common,
    method: 'POST',
    url: '/_sandbox/v1/providers/:provider_slug/limits/lift',
    operationId: 'liftLimits',
    summary: 'Other limits for a window of real time',
    access: operatorOnly,
    body: LimitLiftCreate,
    bodyExample: { ends_at: '2026-12-31T00:00:00.000Z', requests_per_minute: 6000, reason: 'Load test' },
    errors: ['071-404-provider'],
    provider: exists,
    write: async (uow, { body }) => {
      await liftLimits(uow, body);
      return ok(await readLimits(uow.db, uow.provider.provider_id));
    },
  });
}
