import { FaultPlan, FaultPlanState } from '@osigu-sandbox/contract';
import type { FastifyRequest } from 'fastify';
import { planIssues } from '../../core/faults/check.ts';
import { clearFaults, readFaults, setFaults } from '../../core/faults/service.ts';
import { rejectIssues } from '../../platform/errors.ts';
import { selectSubscriptions } from '../../webhooks/subscriptions/store.ts';
import type { Endpoints } from '../endpoint.ts';
import { createInputCheck } from '../input.ts';
import type { FaultInjection } from '../plugins/faults.ts';
import { type ControlOptions, own, ProviderPath, providerIdOf } from './control.ts';

const errors = ['071-404-provider', '071-403-provider-mismatch'] as const;

/** What is to go wrong for one provider, on purpose. */
export function faultRoutes(
  endpoints: Endpoints,
  { units }: ControlOptions,
  { reaches }: Pick<FaultInjection, 'reaches'>,
): void {
  const { db } = units.store;
  const common = {
    url: '/_sandbox/v1/providers/:provider_slug/faults',
    tag: 'Sandbox control',
    provenance: 'sandbox',
    access: own,
    params: ProviderPath,
  } as const;

  endpoints.open({
    ...common,
    method: 'GET',
    operationId: 'getFaults',
    summary: 'Injected faults, and how often each was used',
    answers: { 200: FaultPlanState },
    errors,
    open: async ({ params }) => {
      const provider_id = await providerIdOf(db, params);
      return units.run(provider_id, (uow) => readFaults(uow.db, provider_id));
    },
  });

  const check = createInputCheck({ body: FaultPlan });
  async function checkPlan(request: FastifyRequest, provider_id: string): Promise<FaultPlan> {
    const issues = check(request);
    const subscriptions = await selectSubscriptions(db, { provider_id });
    const subscription_ids = new Set(subscriptions.map(({ subscription_id }) => subscription_id));
    rejectIssues([...issues, ...planIssues(request.body, { reaches, subscription_ids })]);
    return request.body as FaultPlan;
  }

  endpoints.open({
    ...common,
    method: 'PUT',
    operationId: 'setFaults',
    summary: 'Set the injected faults in the place of those there are',
    description:
      'A call meets the rules of `routes` in their order, after authentication and rate limiting; the first that applies ' +
      'decides, and its answer carries `X-Sandbox-Fault`. Each rule of `deliveries` applies once to every delivery that ' +
      'it matches. The same seed and the same calls give the same faults. Counting begins anew.',
    // Checked by `checkPlan`, which lists what the schema says together with the rest.
    documentedBody: FaultPlan,
    bodyExample: {
      seed: 7,
      routes: [{ method: 'GET', path: '/v1/sponsors', status: 503, count: 2 }],
      deliveries: [{ kind: 'duplicate', event_type: 'authorization.*', count: 1 }],
    },
    answers: { 200: FaultPlanState },
    errors: [...errors, '071-400-malformed', '071-413', '071-415', '071-422-validation'],
    open: async ({ params, request }) => {
      const provider_id = await providerIdOf(db, params);
      const plan = await checkPlan(request, provider_id);
      return units.run(provider_id, (uow) => setFaults(uow, plan), { lock: 'exclusive' });
    },
  });

  endpoints.open({
    ...common,
    method: 'DELETE',
    operationId: 'clearFaults',
    summary: 'Inject no faults any more',
    answers: { 204: undefined },
    errors,
    open: async ({ params, reply }) => {
      await units.run(await providerIdOf(db, params), clearFaults, { lock: 'exclusive' });
      return reply.code(204).send();
    },
  });
}
