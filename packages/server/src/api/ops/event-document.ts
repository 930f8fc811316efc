import { type EventType, eventEnvelopes, eventTypes } from '@osigu-sandbox/contract';

/** D: webhook-events/payload-reference. */
const occasions: Readonly<Record<EventType, string>> = {
  'authorization.created': 'The sponsor approved a request that was PENDING_SPONSOR.',
  'authorization.rejected': 'The sponsor rejected a request that was PENDING_SPONSOR.',
  'authorization.updated': 'The sponsor changed payment type, validity or a product.',
  'authorization.voided': 'By the provider, by the sponsor, or at expiry.',
  'dispensing.started': 'A dispensation of a code that the provider owns was started.',
  'dispensing.completed': 'A dispensation of a code that the provider owns was completed.',
  'dispensing.cancelled': 'A started dispensation was voided or timed out.',
  'prescription.issued': 'After any of the three create paths.',
  'prescription.email_delivered': "The destination's mail server accepted the mail.",
  'prescription.email_failed': 'The mail bounced or was refused.',
  'settlement.paid': 'The sponsor accepted and paid a batch.',
  'settlement.rejected': 'The sponsor rejected a batch.',
  'settlement.partially_accepted': 'The outcome differs by claim.',
};

const headers = [
  [
    'X-Osigu-Signature',
    '`t=<unix seconds>,v1=<hex HMAC-SHA256(secret, t + "." + raw body)>`, one `v1` per live secret',
  ],
  ['X-Osigu-Event-Id', 'The `event_id` of the body; drop what was seen before'],
  ['X-Osigu-Event-Type', 'The `event_type` of the body'],
  ['X-Osigu-Delivery-Attempt', 'From 1'],
] as const;

/** The `webhooks` of the OpenAPI document: every event with its full payload. */
export function eventDocument(): Record<string, object> {
  return Object.fromEntries(eventTypes.map((event_type) => [event_type, { post: operationOf(event_type) }]));
}

function operationOf(event_type: EventType) {
  return {
    operationId: `receive_${event_type.replace('.', '_')}`,
    tags: ['Events'],
    summary: event_type,
    description: occasions[event_type],
    'x-provenance': 'documented',
    parameters: headers.map(([name, description]) => ({
      name,
      in: 'header',
      required: true,
      description,
      schema: { type: 'string' },
    })),
    requestBody: { required: true, content: { 'application/json': { schema: eventEnvelopes[event_type] } } },
    responses: {
      '2XX': { description: 'Received; within 10 seconds.' },
      '401': { description: 'The signature does not match, or is older than 300 seconds.' },
    },
  };
}
