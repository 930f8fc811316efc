import type { DeliveryStatus, IdentifierKind } from '@osigu-sandbox/contract';
import { type RawBuilder, sql } from 'kysely';
import { day, hour } from '../../platform/time.ts';
import type { Database } from '../../store/database.ts';
import { mailWork } from '../outbox/outbox.ts';
import { prescriptionMailWork } from '../prescriptions/mails/post.ts';
import { tokenLifeSeconds } from '../tokens/signing-keys.ts';

/**
 * What is kept for a while, oldest first in the order of an index. How old a row is, its id says, which begins with the
 * real moment: a provider's clock may be years ahead of what anybody has lived through.
 */
export interface HistoryKind {
  readonly table: keyof Database & string;
  /** Of deliveries: those of each outcome are a history of their own, so that many of one do not displace the other. */
  readonly status?: DeliveryStatus;
  /** The column by which a row is deleted. */
  readonly key: string;
  /** The column whose id says when, and what kind of id that is. */
  readonly madeBy: readonly [column: string, kind: IdentifierKind];
  /** The index is in the order of `created_at` before that of the ids. */
  readonly byTime?: true;
  /** Bounded elsewhere. */
  readonly anyNumber?: true;
  /** No part of the provider's world, so that nothing ever brings an old row back. */
  readonly outlivesWorld?: true;
  /** Of one statement; the usual number is for rows without much in them. */
  readonly rowsAtOnce?: number;
  /** SQL: nobody needs the row any more. */
  readonly over: (moment: Moment) => RawBuilder<unknown>;
}

interface Moment {
  readonly provider_id: string;
  /** On the provider's clock. */
  readonly now: number;
  /** Real time: what was made before is too old. */
  readonly oldest: number;
}

const expired: HistoryKind['over'] = ({ now }) => sql`expires_at <= ${now}`;
const abandoned: HistoryKind['over'] = () => sql`deliveries.status = 'ABANDONED'`;
/** Without it, an abandoned delivery of the same event would look like the last one. */
const delivered: HistoryKind['over'] = () => sql`deliveries.status = 'DELIVERED' and not exists (
  select 1 from deliveries as other where other.event_id = deliveries.event_id and other.status = 'ABANDONED')`;

const deliveries = {
  table: 'deliveries',
  key: 'delivery_id',
  madeBy: ['delivery_id', 'delivery'],
  byTime: true,
} as const;

/** Of each provider. In this order: an event goes after its last delivery. */
export const histories: readonly HistoryKind[] = [
  {
    table: 'request_log',
    // Of many calls, named by the first of them.
    key: 'batch_id',
    madeBy: ['batch_id', 'loggedRequest'],
    anyNumber: true,
    outlivesWorld: true,
    rowsAtOnce: 10,
    over: ({ provider_id, oldest }) => sql`provider_id = ${provider_id} and last_at_real < ${oldest}`,
  },
  // Their attempts go with them.
  { ...deliveries, status: 'ABANDONED', over: abandoned },
  { ...deliveries, status: 'DELIVERED', over: delivered },
  {
    table: 'events',
    key: 'event_id',
    madeBy: ['event_id', 'event'],
    byTime: true,
    over: () => sql`not exists (select 1 from deliveries where deliveries.event_id = events.event_id)`,
  },
  {
    table: 'outbox',
    key: 'outbox_id',
    madeBy: ['outbox_id', 'outbox'],
    over: () => sql`not exists (select 1 from due_work
      where kind in (${sql.lit(mailWork)}, ${sql.lit(prescriptionMailWork)}) and subject_id = outbox.outbox_id)`,
  },
  { table: 'otps', key: 'otp_id', madeBy: ['otp_id', 'otp'], over: expired },
  { table: 'verification_tokens', key: 'token_hash', madeBy: ['otp_id', 'otp'], over: expired },
  {
    table: 'biometric_readings',
    key: 'biometric_reading_id',
    madeBy: ['biometric_reading_id', 'biometricReading'],
    over: expired,
  },
];

/** What ends at a real moment of its own, whoever's it is. */
export interface EndingKind {
  readonly table: keyof Database & string;
  readonly key: readonly string[];
  /** The column of the moment, and how long after it the row is still needed. */
  readonly end: readonly [column: string, keptFor: number];
}

/** Contract section 2: how long the answer to an `Idempotency-Key` is kept. */
export const answersKept = day;

export const endings: readonly EndingKind[] = [
  {
    table: 'idempotency_keys',
    key: ['client_id', 'target', 'idempotency_key'],
    end: ['created_at_real', answersKept],
  },
  // The last token that it signed, and an hour for clocks of processes that differ.
  { table: 'signing_keys', key: ['kid'], end: ['retired_at_real', tokenLifeSeconds * 1_000 + hour] },
  { table: 'subscription_secrets', key: ['subscription_id', 'secret'], end: ['expires_at_real', 0] },
  { table: 'limit_lifts', key: ['lift_id'], end: ['ends_at_real', 0] },
];
