import Type, { type Static } from 'typebox';
import { deliveryFaultKinds, faultableMethods, faultMoments } from '../vocabulary.ts';
import { Nullable, Text, Words } from './common.ts';

/** S: contract section 14. */
export const maxFaultRules = 50;
const longestLatency = 30_000;
const maxCount = 1_000_000;
const longestDelay = 7 * 86_400_000;

const Count = Type.Integer({
  minimum: 1,
  maximum: maxCount,
  description: 'After so many uses the rule is off by itself; absent: until the plan is replaced.',
});

export const RouteFault = Type.Object({
  method: Type.Optional(Words(faultableMethods)),
  path: Text(512, {
    description: 'A path; `{anything}` stands for one segment, `*` at the end for the rest.',
    examples: ['/arc/v1/authorization-requests/{id}/complete'],
  }),
  status: Type.Optional(Type.Integer({ minimum: 400, maximum: 599 })),
  drop: Type.Optional(
    Type.Boolean({ description: 'The connection ends without an answer. Not together with `status`.' }),
  ),
  latency_ms: Type.Optional(Type.Integer({ minimum: 1, maximum: longestLatency })),
  probability: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: 'Drawn from the seed; absent: every call.' }),
  ),
  count: Type.Optional(Count),
  when: Type.Optional(
    Words(faultMoments, {
      description:
        'before (default): nothing has happened. after: the effect is committed, then the answer is lost or replaced.',
    }),
  ),
});
export type RouteFault = Static<typeof RouteFault>;

export const DeliveryFault = Type.Object({
  subscription_id: Type.Optional(Text(64)),
  event_type: Type.Optional(
    Text(64, { description: 'An exact type or `family.*`.', examples: ['authorization.*'] }),
  ),
  kind: Words(deliveryFaultKinds),
  delay_ms: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: longestDelay,
      description: "On the provider's clock, of delay and out_of_order; absent: 5000.",
    }),
  ),
  count: Type.Optional(Count),
});
export type DeliveryFault = Static<typeof DeliveryFault>;

export const FaultPlan = Type.Object({
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
  routes: Type.Optional(Type.Array(RouteFault, { maxItems: maxFaultRules })),
  deliveries: Type.Optional(Type.Array(DeliveryFault, { maxItems: maxFaultRules })),
});
export type FaultPlan = Static<typeof FaultPlan>;

const uses = {
  used: Type.Integer(),
  remaining: Nullable(Type.Integer({ description: 'null: without end.' })),
};

/** The plan as it stands; what was not given is absent. */
export const FaultPlanState = Type.Object({
  seed: Type.Integer(),
  routes: Type.Array(
    Type.Object({
      ...RouteFault.properties,
      met: Type.Integer({ description: 'How many calls came to this rule while it was on.' }),
      ...uses,
    }),
  ),
  deliveries: Type.Array(Type.Object({ ...DeliveryFault.properties, ...uses })),
});
export type FaultPlanState = Static<typeof FaultPlanState>;
