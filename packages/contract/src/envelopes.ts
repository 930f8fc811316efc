import Type, { type TSchema } from 'typebox';
import { type EventType, eventData, eventTypes, webhookApiVersion } from './events.ts';
import { Timestamp, Words } from './schemas/common.ts';
import { environments } from './vocabulary.ts';

/** One JSON schema per event type: what a receiver finds in the body. D: webhook-events/payload-reference. */
export const eventEnvelopes: Readonly<Record<EventType, TSchema>> = Object.fromEntries(
  eventTypes.map((event_type) => [event_type, envelopeOf(event_type)]),
) as Record<EventType, TSchema>;

function envelopeOf(event_type: EventType): TSchema {
  return Type.Object({
    event_id: Type.String({ examples: ['evt_01JG0000000000000000000001'] }),
    event_type: Type.Literal(event_type),
    created_at: Timestamp,
    api_version: Type.Literal(webhookApiVersion),
    environment: Words(environments),
    data: eventData[event_type],
    provider: Type.Object({ provider_id: Type.String(), provider_slug: Type.String() }),
  });
}
