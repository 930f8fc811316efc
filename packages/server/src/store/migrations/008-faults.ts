import type { Kysely } from 'kysely';
import { type DialectName, run, vocabulary } from './schema.ts';

/** Injected faults: a provider's plan, its rules and how often each was used. */
export async function faults(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const { int, end } = vocabulary(dialect);
  await run(
    db,
    `
alter table providers add column fault_plan_id text

alter table delivery_attempts add column fault text

create table fault_plans (
  plan_id text not null primary key,
  provider_id text not null unique references providers,
  seed ${int} not null
) ${end}

create table route_faults (
  plan_id text not null references fault_plans on delete cascade,
  position ${int} not null,
  provider_id text not null references providers,
  rule text not null,
  met ${int} not null default 0,
  primary key (plan_id, position)
) ${end}

create index route_faults_of_provider on route_faults (provider_id)

create table delivery_faults (
  plan_id text not null references fault_plans on delete cascade,
  position ${int} not null,
  provider_id text not null references providers,
  rule text not null,
  max_uses ${int},
  used ${int} not null default 0,
  primary key (plan_id, position),
  check (max_uses is null or used <= max_uses)
) ${end}

create index delivery_faults_of_provider on delivery_faults (provider_id)

create table delivery_fault_uses (
  delivery_id text not null references deliveries on delete cascade,
  plan_id text not null,
  position ${int} not null,
  provider_id text not null references providers,
  subscription_id text not null,
  number ${int} not null,
  kind text not null,
  held ${int} check (held = 1),
  primary key (delivery_id, plan_id, position),
  unique (subscription_id, held)
) ${end}

create index delivery_fault_uses_of_provider on delivery_fault_uses (provider_id)
`,
  );
}
