import {
  Delivery,
  deliveryStatuses,
  EventEnvelope,
  Page,
  PageQuery,
  Replay,
  ReplayRequest,
  Subscription,
  SubscriptionCreate,
  SubscriptionCreated,
  SubscriptionPatch,
  Timestamp,
  Words,
} from '@osigu-sandbox/contract';
import Type from 'typebox';
import type { UnitsOfWork } from '../../engine/unit-of-work.ts';
import { listDeliveries, listEvents, redeliver } from '../../webhooks/deliveries/service.ts';
import { admitSubscription } from '../../webhooks/subscriptions/admission.ts';
import { emptySubscription } from '../../webhooks/subscriptions/emptying.ts';
import { admitReplay, replay } from '../../webhooks/subscriptions/replay.ts';
import { rotateSecret } from '../../webhooks/subscriptions/secrets.ts';
import {
  createSubscription,
  deleteSubscription,
  getSubscription,
  listSubscriptions,
  patchSubscription,
  pauseSubscription,
  pingSubscription,
  resumeSubscription,
} from '../../webhooks/subscriptions/service.ts';
import type { TargetPolicy } from '../../webhooks/target-rules.ts';
import { created, noContent, ok } from '../answers.ts';
import type { Endpoints, ReadContext } from '../endpoint.ts';
import { pageOf, slice, window } from '../paging.ts';

const tag = 'Webhooks';
const anyToken = { kind: 'client', scopes: [] } as const;
const base = '/webhooks/v1/subscriptions';
const SubscriptionPath = Type.Object({ subscription_id: Type.String() });
const targetErrors = ['071-422-address-not-allowed'] as const;

/** Changes of subscriptions exclude each other and whatever writes events: nothing falls between two of them. */
const lock = 'exclusive';

const longest =
  'At most 10 000 are counted and can be paged through; `from` and `to`, on the clock of the provider and both included, lead further.';
const period = {
  from: Type.Optional(Timestamp),
  to: Type.Optional(Timestamp),
};

const exists = (context: ReadContext, params: { subscription_id: string }) =>
  getSubscription(context, params.subscription_id);

export function webhookRoutes(endpoints: Endpoints, units: UnitsOfWork, policy: TargetPolicy): void {
  subscriptionRoutes(endpoints, units, policy);
  subscriptionActionRoutes(endpoints);
  replayRoute(endpoints);
  deliveryRoutes(endpoints);
}

function subscriptionRoutes(endpoints: Endpoints, units: UnitsOfWork, policy: TargetPolicy): void {
  endpoints.write({
    method: 'POST',
    url: base,
    operationId: 'createSubscription',
    tag,
    summary: 'Subscribe a receiver to events',
    description: 'Patterns are exact types, `family.*` or `*`. The secret is shown this once.',
    provenance: 'documented',
    access: anyToken,
    body: SubscriptionCreate,
    bodyExample: { url: 'https://receiver.example/osigu', event_types: ['authorization.*', 'dispensing.*'] },
    answers: { 201: SubscriptionCreated },
    errors: [...targetErrors, '071-422-subscription-limit'],
    lock,
    before: (_context, { body }) => admitSubscription(body, policy),
    write: async (uow, _input, admitted) => created(await createSubscription(uow, admitted)),
  });

  endpoints.read({
    method: 'GET',
    url: base,
    operationId: 'listSubscriptions',
    tag,
    summary: 'Subscriptions of the provider',
    provenance: 'sandbox',
    access: anyToken,
    query: Type.Object(PageQuery),
    answers: { 200: Page(Subscription) },
    read: async (context, { request, query }) => slice(request, query, await listSubscriptions(context)),
  });

  endpoints.read({
    method: 'GET',
    url: `${base}/:subscription_id`,
    operationId: 'getSubscription',
    tag,
    summary: 'Read a subscription',
    provenance: 'sandbox',
    access: anyToken,
    params: SubscriptionPath,
    answers: { 200: Subscription },
    errors: ['071-404-subscription'],
    read: (context, { params }) => getSubscription(context, params.subscription_id),
  });

  endpoints.write({
    method: 'PATCH',
    url: `${base}/:subscription_id`,
    operationId: 'updateSubscription',
    tag,
    summary: 'Change URL, event types or retry policy',
    provenance: 'sandbox',
    access: anyToken,
    params: SubscriptionPath,
    body: SubscriptionPatch,
    bodyExample: { event_types: ['*'] },
    answers: { 200: Subscription },
    errors: ['071-404-subscription', ...targetErrors],
    lock,
    exists,
    before: async (context, { params, body }) => {
      await exists(context, params);
      return admitSubscription(body, policy);
    },
    write: async (uow, { params }, admitted) =>
      ok(await patchSubscription(uow, params.subscription_id, admitted)),
  });

  endpoints.write({
    method: 'DELETE',
    url: `${base}/:subscription_id`,
    operationId: 'deleteSubscription',
    tag,
    summary: 'Delete a subscription with its deliveries',
    provenance: 'sandbox',
    access: anyToken,
    params: SubscriptionPath,
    answers: { 204: undefined },
    errors: ['071-404-subscription'],
    lock,
    before: ({ provider: { provider_id } }, { params }) =>
      emptySubscription(units, provider_id, params.subscription_id),
    write: async (uow, { params }) => {
      await deleteSubscription(uow, params.subscription_id);
      return noContent;
    },
  });
}

function subscriptionActionRoutes(endpoints: Endpoints): void {
  const common = {
    method: 'POST',
    tag,
    provenance: 'sandbox',
    access: anyToken,
    params: SubscriptionPath,
    errors: ['071-404-subscription'],
    exists,
  } as const;

  endpoints.write({
    ...common,
    url: `${base}/:subscription_id/rotate-secret`,
    operationId: 'rotateSubscriptionSecret',
    summary: 'New secret; the old one signs beside it until the grace ends',
    description:
      'Signatures come newest first. A receiver that keeps only the last `v1` fails during the grace; use `grace_hours: 0` for it.',
    body: Type.Object({
      grace_hours: Type.Optional(Type.Integer({ minimum: 0, maximum: 168, description: 'Default 24.' })),
    }),
    bodyExample: { grace_hours: 24 },
    bodyOptional: true,
    answers: { 200: SubscriptionCreated },
    lock,
    write: async (uow, { params, body }) => ok(await rotateSecret(uow, params.subscription_id, body)),
  });

  endpoints.write({
    ...common,
    url: `${base}/:subscription_id/test`,
    operationId: 'testSubscription',
    summary: 'Send a signed test.ping',
    answers: { 200: Delivery },
    write: async (uow, { params }) => ok(await pingSubscription(uow, params.subscription_id)),
  });

  endpoints.write({
    ...common,
    url: `${base}/:subscription_id/pause`,
    operationId: 'pauseSubscription',
    summary: 'Keep events instead of delivering them',
    answers: { 200: Subscription },
    lock,
    write: async (uow, { params }) => ok(await pauseSubscription(uow, params.subscription_id)),
  });

  endpoints.write({
    ...common,
    url: `${base}/:subscription_id/resume`,
    operationId: 'resumeSubscription',
    summary: 'Deliver again, what was kept first',
    answers: { 200: Subscription },
    lock,
    write: async (uow, { params }) => ok(await resumeSubscription(uow, params.subscription_id)),
  });
}

function replayRoute(endpoints: Endpoints): void {
  endpoints.write({
    method: 'POST',
    url: `${base}/:subscription_id/replay`,
    operationId: 'replaySubscription',
    tag,
    summary: 'Deliver the events of a period again',
    description:
      'The same events and bytes as new deliveries to this subscription, oldest first, from its creation or before. `from` and `to` are on the clock of the provider, both included; without `event_types` those of the subscription apply. At most 10 000 events a call. A paused subscription keeps them until it is resumed.',
    provenance: 'sandbox',
    access: anyToken,
    params: SubscriptionPath,
    body: ReplayRequest,
    bodyExample: { from: '2026-01-15T00:00:00.000Z', to: '2026-01-15T23:59:59.999Z', dry_run: true },
    answers: { 200: Replay },
    errors: ['071-404-subscription'],
    exists,
    before: (context, { params, body }) => admitReplay(context, params.subscription_id, body),
    write: async (uow, _input, replaying) => ok(await replay(uow, replaying)),
  });
}

function deliveryRoutes(endpoints: Endpoints): void {
  endpoints.read({
    method: 'GET',
    url: '/webhooks/v1/events',
    operationId: 'listEvents',
    tag,
    summary: 'Emitted events, newest first',
    description: longest,
    provenance: 'sandbox',
    access: anyToken,
    query: Type.Object({ ...period, ...PageQuery }),
    answers: { 200: Page(EventEnvelope) },
    read: async (context, { request, query }) => {
      const { page: _page, size: _size, ...filter } = query;
      const { rows, total } = await listEvents(context, filter, pageNumber(query));
      return pageOf(request, query, total, rows);
    },
  });

  endpoints.read({
    method: 'GET',
    url: '/webhooks/v1/deliveries',
    operationId: 'listDeliveries',
    tag,
    summary: 'Deliveries with their attempts, newest first',
    description: longest,
    provenance: 'sandbox',
    access: anyToken,
    query: Type.Object({
      subscription_id: Type.Optional(Type.String()),
      status: Type.Optional(Words(deliveryStatuses)),
      event_type: Type.Optional(Type.String()),
      ...period,
      ...PageQuery,
    }),
    answers: { 200: Page(Delivery) },
    read: async (context, { request, query }) => {
      const { page: _page, size: _size, ...filter } = query;
      const { rows, total } = await listDeliveries(context, filter, pageNumber(query));
      return pageOf(request, query, total, rows);
    },
  });

  endpoints.write({
    method: 'POST',
    url: '/webhooks/v1/deliveries/:delivery_id/redeliver',
    operationId: 'redeliver',
    tag,
    summary: 'Deliver an event once more',
    description:
      'The same event and bytes, as a delivery of its own; one that is still pending is tried at once.',
    provenance: 'sandbox',
    access: anyToken,
    params: Type.Object({ delivery_id: Type.String() }),
    answers: { 200: Delivery },
    errors: ['071-404-delivery'],
    write: async (uow, { params }) => ok(await redeliver(uow, params.delivery_id)),
  });
}

function pageNumber(query: { page?: number; size?: number }) {
  return { page: query.page ?? 0, size: window(query).limit };
}
