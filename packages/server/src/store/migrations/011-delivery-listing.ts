import type { Kysely } from 'kysely';
import { run } from './schema.ts';

/**
 * Deliveries and events are listed newest first by any filter. Every choice of filters is a number of ranges of one of
 * these indexes, each in that order by itself (webhooks/ranges.ts), so that the length of a list costs nothing. They
 * take the place of three that stood in the order of ids.
 */
export async function deliveryListing(db: Kysely<unknown>): Promise<void> {
  await run(
    db,
    `
drop index deliveries_of_provider

drop index deliveries_of_subscription

drop index events_of_provider

create index deliveries_by_status on deliveries (provider_id, status, created_at, delivery_id)

create index deliveries_by_type on deliveries (subscription_id, status, event_type, created_at, delivery_id)

create index events_by_time on events (provider_id, created_at, event_id)
`,
  );
}
