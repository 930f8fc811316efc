import type { Kysely } from 'kysely';
import { type DialectName, guardStatus, run, vocabulary } from './schema.ts';

/** Events, subscriptions and deliveries. */
export async function webhooks(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int, end } = vocabulary(dialect);
  await run(
    db,
    `
create table events (
  event_id text not null primary key,
  provider_id text not null references providers,
  event_type text not null,
  resource_id text not null,
  created_at ${int} not null,
  body text not null
) ${end}

create index events_of_provider on events (provider_id, event_id)

create table subscriptions (
  subscription_id text not null primary key,
  provider_id text not null references providers,
  url text not null,
  event_types text not null,
  retry_on text not null check (retry_on in ('non_2xx', '5xx')),
  status text not null check (status in ('ACTIVE', 'PAUSED')),
  created_at ${int} not null,
  updated_at ${int} not null
) ${end}

create index subscriptions_of_provider on subscriptions (provider_id, subscription_id)

create table subscription_secrets (
  subscription_id text not null references subscriptions on delete cascade,
  secret text not null,
  created_at_real ${int} not null,
  expires_at_real ${int},
  primary key (subscription_id, secret)
) ${end}

create table deliveries (
  delivery_id text not null primary key,
  provider_id text not null references providers,
  subscription_id text not null references subscriptions on delete cascade,
  event_id text not null references events,
  event_type text not null,
  status text not null check (status in ('PENDING', 'DELIVERED', 'ABANDONED')),
  attempts ${int} not null default 0,
  created_at ${int} not null,
  first_attempt_at ${int},
  next_attempt_at ${int},
  check ((status = 'PENDING') = (next_attempt_at is not null))
) ${end}

create index deliveries_of_provider on deliveries (provider_id, delivery_id)

create index deliveries_of_subscription on deliveries (subscription_id, delivery_id)

create index deliveries_of_event on deliveries (event_id)

create table delivery_attempts (
  delivery_id text not null references deliveries on delete cascade,
  number ${int} not null,
  at ${int} not null,
  response_status ${int},
  latency_ms ${int} not null,
  error text,
  response_excerpt text,
  primary key (delivery_id, number)
) ${end}
`,
  );
  await guardStatus(db, dialect, 'deliveries', { PENDING: ['DELIVERED', 'ABANDONED'] });
}
