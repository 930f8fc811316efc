import Type from 'typebox';
import {
  deliveryFaultKinds,
  deliveryStatuses,
  environments,
  retryPolicies,
  subscriptionStatuses,
} from '../vocabulary.ts';
import { Nullable, Text, Timestamp, Words } from './common.ts';

const EventTypePatterns = Type.Array(Text(64, { examples: ['authorization.*'] }), {
  minItems: 1,
  maxItems: 32,
  description: 'Exact types, `family.*` or `*`.',
});

/** D: guides/implement-webhook-receiver; `retry_on` S. */
export const SubscriptionCreate = Type.Object({
  url: Text(2048, { examples: ['https://receiver.example/osigu'] }),
  event_types: EventTypePatterns,
  retry_on: Type.Optional(Words(retryPolicies)),
});

export const SubscriptionPatch = Type.Object({
  url: Type.Optional(Text(2048)),
  event_types: Type.Optional(EventTypePatterns),
  retry_on: Type.Optional(Words(retryPolicies)),
});

export const ReplayRequest = Type.Object({
  from: Timestamp,
  to: Timestamp,
  event_types: Type.Optional(EventTypePatterns),
  only_failed: Type.Optional(
    Type.Boolean({ description: 'Only events whose last delivery is `ABANDONED`.' }),
  ),
  dry_run: Type.Optional(Type.Boolean({ description: 'Counts, and writes nothing.' })),
});

export const Replay = Type.Object({
  subscription_id: Type.String(),
  from: Timestamp,
  to: Timestamp,
  event_types: Type.Array(Type.String()),
  only_failed: Type.Boolean(),
  dry_run: Type.Boolean(),
  events: Type.Integer({ description: 'That match.' }),
  deliveries: Type.Integer({ description: 'New ones; none of a dry run.' }),
});

export const Subscription = Type.Object({
  subscription_id: Type.String(),
  url: Type.String(),
  event_types: Type.Array(Type.String()),
  retry_on: Words(retryPolicies),
  status: Words(subscriptionStatuses),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export const SubscriptionCreated = Type.Object({
  ...Subscription.properties,
  secret: Type.String({ description: 'Shown this once.', examples: ['whsec_…'] }),
});

/** D: webhook-events/introduction. The seven members are always present. */
export const EventEnvelope = Type.Object({
  event_id: Type.String(),
  event_type: Type.String(),
  created_at: Timestamp,
  api_version: Type.Literal('2026-01-01'),
  environment: Words(environments),
  data: Type.Record(Type.String(), Type.Unknown()),
  provider: Type.Object({ provider_id: Type.String(), provider_slug: Type.String() }),
});

export const DeliveryAttempt = Type.Object({
  number: Type.Integer(),
  at: Timestamp,
  response_status: Nullable(Type.Integer()),
  latency_ms: Type.Integer(),
  error: Nullable(Type.String({ examples: ['TIMEOUT', 'CONNECTION_REFUSED', 'ADDRESS_NOT_ALLOWED'] })),
  response_excerpt: Nullable(Type.String()),
  fault: Nullable(Words(deliveryFaultKinds, { description: 'Injected, see the faults of the provider.' })),
});

export const Delivery = Type.Object({
  delivery_id: Type.String(),
  subscription_id: Type.String(),
  event_id: Type.String(),
  event_type: Type.String(),
  status: Words(deliveryStatuses),
  created_at: Timestamp,
  next_attempt_at: Nullable(Timestamp),
  attempts: Type.Array(DeliveryAttempt),
});
