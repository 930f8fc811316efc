import { type EmittedEventType, type EventData, webhookApiVersion } from '@osigu-sandbox/contract';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import { newId } from '../platform/ids.ts';
import { isoTimestamp } from '../platform/time.ts';
import { type Addressee, enqueue } from './enqueue.ts';
import { matchesAny } from './patterns.ts';
import { pingType } from './ping.ts';
import { insertEvent, type NewDelivery, selectRecipients } from './store.ts';

/**
 * Writes an event of `uow.provider` and its deliveries in the caller's transaction: it happened if and only if the
 * effect did. `resource_id` is what it is about. Answers the `event_id`.
 */
export async function recordEvent<T extends EmittedEventType>(
  uow: UnitOfWork,
  event_type: T,
  resource_id: string,
  data: EventData<T>,
): Promise<string> {
  const recipients = await selectRecipients(uow.db, { provider_id: uow.provider.provider_id });
  const interested = recipients.filter(({ event_types }) =>
    matchesAny(JSON.parse(event_types) as string[], event_type),
  );
  const event_id = newId('event');
  await writeEvent(uow, { event_id, event_type, resource_id, data });
  await enqueue(uow, { event_id, event_type, resource_id }, interested);
  return event_id;
}

export async function recordPing(uow: UnitOfWork, addressee: Addressee): Promise<readonly NewDelivery[]> {
  const { subscription_id } = addressee;
  const event_id = newId('event');
  // About nothing but itself: pings need not follow each other.
  const event = { event_id, event_type: pingType, resource_id: event_id };
  await writeEvent(uow, { ...event, data: { subscription_id } });
  return enqueue(uow, event, [addressee]);
}

interface NewEvent {
  readonly event_id: string;
  readonly event_type: string;
  readonly resource_id: string;
  readonly data: object;
}

async function writeEvent(
  uow: UnitOfWork,
  { event_id, event_type, resource_id, data }: NewEvent,
): Promise<void> {
  const { provider_id, provider_slug } = uow.provider;
  // The text is kept and sent as it is: a signature is over bytes. The members come in the documented order.
  const body = JSON.stringify({
    event_id,
    event_type,
    created_at: isoTimestamp(uow.now),
    api_version: webhookApiVersion,
    environment: uow.environment,
    data,
    provider: { provider_id, provider_slug },
  });
  await insertEvent(uow.db, {
    event_id,
    provider_id,
    event_type,
    resource_id,
    created_at: uow.now,
    body,
  });
  uow.publish({ id: event_id, type: 'event', data: body });
}
