import { type CountryCode, countries, scopes as everyScope, type Scope } from '@osigu-sandbox/contract';
import type { UnitOfWork, UnitsOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { randomToken } from '../../platform/random.ts';
import { isoTimestamp, isoTimestampOrNull, realNow } from '../../platform/time.ts';
import { failureKind } from '../../store/failures.ts';
import type { Executor } from '../../store/statement.ts';
import { putMessage } from '../outbox/outbox.ts';
import { hashSecret } from './secrets.ts';
import { seedFixtures } from './seed.ts';

export interface NewProvider {
  readonly provider_slug: string;
  readonly name: string;
  readonly country_code: CountryCode;
  readonly contact_email?: string;
  readonly scopes?: readonly Scope[];
  readonly seed?: number;
}

export interface Credentials {
  readonly client_id: string;
  readonly client_secret: string;
}

/** Of a secret that was never rotated. */
export const firstVersion = 1;

/** Who has no address is written to at none (RFC 2606). */
const undeliverable = 'nobody@address.invalid';

/** D: sandbox limits per minute. */
const standardLimits = { requests_per_minute: 50, token_requests_per_minute: 10 } as const;

/** A tenant with its fixtures and one client. The secret is in the answer and nowhere else. */
export async function createProvider(units: UnitsOfWork, input: NewProvider): Promise<Credentials> {
  const credentials = { client_id: `client_${randomToken(12)}`, client_secret: `secret_${randomToken(32)}` };
  const secret_hash = await hashSecret(credentials.client_secret);
  try {
    await units.runFounding(
      async (db, numbers) => {
        const provider_id = newId('provider');
        await db
          .insertInto('providers')
          .values({
            provider_id,
            number: numbers.next('provider'),
            provider_slug: input.provider_slug,
            name: input.name,
            country_code: input.country_code,
            contact_email: input.contact_email ?? null,
            provider_branch_id: newId('branch'),
            seed: input.seed ?? 0,
            clock_offset: 0,
            ...standardLimits,
            created_at_real: realNow(),
            reset_at_real: null,
          })
          .execute();
        await db
          .insertInto('clients')
          .values({
            client_id: credentials.client_id,
            provider_id,
            secret_hash,
            credential_version: firstVersion,
            scopes: JSON.stringify(input.scopes ?? everyScope),
            created_at_real: realNow(),
          })
          .execute();
        return provider_id;
      },
      async (uow) => {
        await seedFixtures(uow);
        await welcome(uow, input, credentials.client_id);
      },
    );
  } catch (error) {
    if (failureKind(error) === 'unique') throw fault('071-409-provider-exists');
    throw error;
  }
  return credentials;
}

/** The onboarding mail, without the secret; in the outbox in any case, on its way only where there is an address. */
async function welcome(uow: UnitOfWork, input: NewProvider, client_id: string): Promise<void> {
  await putMessage(uow, {
    channel: 'EMAIL',
    to: input.contact_email ?? undeliverable,
    subject: `Welcome to the sandbox, ${input.name}`,
    body: [
      `The provider ${input.provider_slug} is ready.`,
      `Client id: ${client_id}. The secret was shown once, to whoever created the provider.`,
      `Onboarding sheet: GET /_sandbox/v1/providers/${input.provider_slug}/onboarding-sheet`,
    ].join('\n'),
  });
}

/** A new secret; the old one and its live tokens die with the commit. */
export async function rotateCredentials(units: UnitsOfWork, provider_id: string): Promise<Credentials> {
  const client_secret = `secret_${randomToken(32)}`;
  const secret_hash = await hashSecret(client_secret);
  const client_id = await units.run(provider_id, async (uow) => {
    const row = await uow.db
      .updateTable('clients')
      .set((eb) => ({ secret_hash, credential_version: eb('credential_version', '+', 1) }))
      .where('provider_id', '=', provider_id)
      .returning('client_id')
      .executeTakeFirstOrThrow();
    return row.client_id;
  });
  return { client_id, client_secret };
}

/** 404 for an unknown slug; only the operator can ask for any but its own. */
export async function requireProviderId(db: Executor, provider_slug: string): Promise<string> {
  const row = await db
    .selectFrom('providers')
    .select('provider_id')
    .where('provider_slug', '=', provider_slug)
    .executeTakeFirst();
  if (row === undefined) throw fault('071-404-provider');
  return row.provider_id;
}

const providerColumns = [
  'providers.provider_id',
  'provider_slug',
  'name',
  'country_code',
  'contact_email',
  'provider_branch_id',
  'clock_offset',
  'requests_per_minute',
  'token_requests_per_minute',
  'providers.created_at_real',
  'reset_at_real',
  'client_id',
  'scopes',
] as const;

export async function readProvider(db: Executor, provider_id: string) {
  const row = await db
    .selectFrom('providers')
    .innerJoin('clients', 'clients.provider_id', 'providers.provider_id')
    .select(providerColumns)
    .where('providers.provider_id', '=', provider_id)
    .executeTakeFirst();
  if (row === undefined) throw fault('071-404-provider');
  return row;
}

export async function listProviders(db: Executor, page: { readonly limit: number; readonly offset: number }) {
  const rows = await db
    .selectFrom('providers')
    .innerJoin('clients', 'clients.provider_id', 'providers.provider_id')
    .select(providerColumns)
    .orderBy('provider_slug')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const { total } = await db
    .selectFrom('providers')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return {
    total: Number(total),
    rows: rows.map((row) => ({
      provider_id: row.provider_id,
      provider_slug: row.provider_slug,
      name: row.name,
      country_code: row.country_code,
      contact_email: row.contact_email,
      client_id: row.client_id,
      scopes: JSON.parse(row.scopes) as Scope[],
      created_at: isoTimestamp(row.created_at_real),
      reset_at: isoTimestampOrNull(row.reset_at_real),
    })),
  };
}

export function timezoneOf(country_code: CountryCode): string {
  return countries[country_code].timezone;
}
