import { type IdentifierKind, identifierPrefixes } from '@osigu-sandbox/contract';
import pino from 'pino';
import { encodeTime } from 'ulid';
import type { Retention } from '../src/core/retention/prune.ts';
import { createRetention, type RetentionRunner } from '../src/core/retention/retention.ts';
import type { Database } from '../src/store/database.ts';
import type { Store } from '../src/store/store.ts';
import type { TestProvider } from './harness.ts';

export const day = 86_400_000;

let count = 0;

/** As if it had been made so long ago, in real time. */
export function idOf(kind: IdentifierKind, age: number): string {
  count += 1;
  return `${identifierPrefixes[kind]}_${encodeTime(Date.now() - age)}${String(count).padStart(16, '0')}`;
}

export type Removed = readonly [table: string, rows: number];

/** Removes once, and answers what it told of each batch. */
export async function removeOnce(store: Store, retention: Retention): Promise<Removed[]> {
  const removed: [string, number][] = [];
  await runnerOf(store, retention, (table, rows) => removed.push([table, rows])).run();
  return removed;
}

export function runnerOf(
  store: Store,
  retention: Retention,
  onRemoved: (table: string, rows: number) => void = () => {},
): RetentionRunner {
  return createRetention({ store, log: pino({ level: 'silent' }), retention, onRemoved });
}

/** Writes rows of one provider as they would be after so long. */
export function rowsOf({ sandbox }: { readonly sandbox: { readonly units: { readonly store: Store } } }) {
  const { db } = sandbox.units.store;
  return {
    event: async ({ provider_id }: TestProvider, age: number, created_at = Date.now() - age) => {
      const event_id = idOf('event', age);
      await db
        .insertInto('events')
        .values({
          ...{ event_id, provider_id, event_type: 'authorization.voided', resource_id: 'auth_1', created_at },
          body: JSON.stringify({
            ...{
              event_id,
              event_type: 'authorization.voided',
              created_at: new Date(created_at).toISOString(),
            },
            ...{ api_version: '2026-01-01', environment: 'sandbox', data: {} },
            provider: { provider_id, provider_slug: 'p' },
          }),
        })
        .execute();
      return event_id;
    },
    delivery: async (
      { provider_id }: TestProvider,
      event_id: string,
      subscription_id: string,
      status: 'PENDING' | 'DELIVERED' | 'ABANDONED',
      age: number,
      created_at = Date.now() - age,
    ) => {
      const delivery_id = idOf('delivery', age);
      const next_attempt_at = status === 'PENDING' ? created_at : null;
      const event_type = 'authorization.voided';
      await db
        .insertInto('deliveries')
        .values({
          ...{ delivery_id, provider_id, subscription_id, event_id, event_type, status, created_at },
          next_attempt_at,
          attempts: 1,
        })
        .execute();
      await db
        .insertInto('delivery_attempts')
        .values({
          ...{ delivery_id, number: 1, at: created_at, response_status: 200, latency_ms: 1 },
          ...{ error: null, response_excerpt: null, fault: null },
        })
        .execute();
      return delivery_id;
    },
    mail: async ({ provider_id }: TestProvider, age: number) => {
      const outbox_id = idOf('outbox', age);
      await db
        .insertInto('outbox')
        .values({
          ...{ outbox_id, provider_id, channel: 'EMAIL', destination: 'a@b.example', subject: 's' },
          ...{ body: 'b', otp_code: null, created_at: Date.now() - age },
        })
        .execute();
      return outbox_id;
    },
    /** An OTP with its token, and a reading. */
    proofs: async (provider: TestProvider, age: number, expires_at = Date.now() - age + 600_000) => {
      const { provider_id } = provider;
      const otp_id = idOf('otp', age);
      const beneficiary_id = provider.beneficiary();
      count += 1;
      const number = 900_000_000 + count;
      const whose = { provider_id, beneficiary_id, person_key: 'CC:1', expires_at };
      await db
        .insertInto('otps')
        .values({
          ...{ otp_id, number, provider_id, beneficiary_id, sponsor_slug: 'sponsor-sandbox-otp' },
          ...{ channel: 'SMS', code_hash: 'x.y', status: 'SENT', sent_at: expires_at - 600_000, expires_at },
        })
        .execute();
      await db
        .insertInto('verification_tokens')
        .values({
          ...{ token_hash: `hash ${otp_id}`, provider_id, otp_id, person_key: 'CC:1' },
          ...{ sponsor_slug: 'sponsor-sandbox-otp', expires_at, used_at: null },
        })
        .execute();
      await db
        .insertInto('biometric_readings')
        .values({
          ...whose,
          biometric_reading_id: idOf('biometricReading', age),
          ...{ number, type: 'FINGERPRINT_READING', value_sha256: 'x', confidence: 9_900 },
          ...{ verification_status: 'VERIFICATION_SUCCESS', failure_description: null, used_at: null },
        })
        .execute();
      return otp_id;
    },
    call: async ({ provider_id }: TestProvider, age: number) => {
      await db
        .insertInto('request_log')
        .values({
          ...{ provider_id, batch_id: idOf('loggedRequest', age), calls: 1, last_at_real: Date.now() - age },
          ...{ bytes: 2, summaries: Buffer.from('[]'), bodies: Buffer.from('[]') },
        })
        .execute();
    },
    count: async (table: keyof Database & 'events', { provider_id }: TestProvider, status?: string) => {
      const rows = db.selectFrom(table).select((eb) => eb.fn.countAll().as('rows'));
      const all = rows.where('provider_id', '=', provider_id);
      // Not those of the calls of the test, which are written when there is time.
      const ofProvider =
        (table as string) === 'request_log' ? all.where('bytes' as never, '=', 2 as never) : all;
      const some =
        status === undefined ? ofProvider : ofProvider.where('status' as never, '=', status as never);
      return Number((await some.executeTakeFirstOrThrow()).rows);
    },
  };
}

export async function subscribe(provider: TestProvider, url = 'http://127.0.0.1:9/'): Promise<string> {
  const { body } = await provider.call('POST', '/webhooks/v1/subscriptions', { url, event_types: ['*'] });
  return body.subscription_id;
}
