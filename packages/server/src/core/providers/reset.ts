import { sql } from 'kysely';
import type { UnitOfWork, UnitsOfWork } from '../../engine/unit-of-work.ts';
import { realNow } from '../../platform/time.ts';
import type { Database } from '../../store/database.ts';
import { releaseForeignAuthorizations, withdrawAuthorizationsFromOthers } from '../claims/close.ts';
import { releaseForeignCodes } from '../dispensing/cancel.ts';
import { seedFixtures } from './seed.ts';

/** What belongs to one provider, children before their parents. Subscriptions, clients and limits stay. */
const wiped = [
  'due_work',
  'deliveries',
  'events',
  'outbox',
  'otps',
  'verification_tokens',
  'biometric_readings',
  'settlement_documents',
  'settlements',
  'claim_files',
  'claims',
  'dispensations',
  'files',
  'authorizations',
  'authorization_requests',
  'prescription_mails',
  'prescriptions',
  'patients',
  'doctors',
  'provider_products',
  'beneficiaries',
  'sponsor_evaluations',
  'affiliations',
] as const satisfies readonly (keyof Database)[];

/** Rows that hang on a wiped table and carry no provider of their own. */
const wipedByParent = [
  ['delivery_attempts', 'delivery_id', 'deliveries'],
  ['dispensation_lines', 'dispensation_id', 'dispensations'],
  ['prescription_lines', 'prescription_id', 'prescriptions'],
  ['claim_lines', 'claim_id', 'claims'],
  ['file_contents', 'file_id', 'claim_files'],
  ['file_contents', 'file_id', 'files'],
  ['file_contents', 'file_id', 'settlement_documents'],
  ['settlement_claims', 'settlement_id', 'settlements'],
  ['authorization_lines', 'authorization_id', 'authorizations'],
  // A stored answer would replay ids from before.
  ['idempotency_keys', 'client_id', 'clients'],
] as const;

/**
 * Wipes and reseeds one provider in one transaction: whoever reads sees the old world or the new one. Same search
 * inputs, credentials, live tokens and subscriptions; new ids; the clock is back at real time.
 */
export async function resetProvider(units: UnitsOfWork, provider_id: string): Promise<void> {
  await units.run(provider_id, resetTenant, { lock: 'exclusive' });
}

async function resetTenant(uow: UnitOfWork): Promise<void> {
  const { provider_id } = uow.provider;
  await releaseForeignCodes(uow);
  await releaseForeignAuthorizations(uow);
  await withdrawFromOthers(uow);
  await withdrawAuthorizationsFromOthers(uow);
  for (const [table, key, parent] of wipedByParent) {
    await sql`delete from ${sql.table(table)} where ${sql.ref(key)} in (
      select ${sql.ref(key)} from ${sql.table(parent)} where provider_id = ${provider_id})`.execute(uow.db);
  }
  for (const table of wiped) {
    await sql`delete from ${sql.table(table)} where provider_id = ${provider_id}`.execute(uow.db);
  }
  await uow.db
    .updateTable('providers')
    .set({ clock_offset: 0, reset_at_real: realNow() })
    .where('provider_id', '=', provider_id)
    .execute();
  await seedFixtures({ ...uow, now: realNow() });
}

/** Codes of this provider that others hold open are gone: their dispensations are cancelled, quantities need no return. */
async function withdrawFromOthers(uow: UnitOfWork): Promise<void> {
  const { provider_id } = uow.provider;
  const cancelled = await uow.db
    .updateTable('dispensations')
    .set({
      status: 'CANCELLED',
      cancelled_at: uow.now,
      cancellation_reason: 'The owner of the code was reset.',
    })
    .where('owner_provider_id', '=', provider_id)
    .where('provider_id', '!=', provider_id)
    .where('status', '=', 'STARTED')
    .returning('dispensation_id')
    .execute();
  if (cancelled.length === 0) return;
  await uow.db
    .deleteFrom('due_work')
    .where(
      'subject_id',
      'in',
      cancelled.map((row) => row.dispensation_id),
    )
    .execute();
}

/** The whole sandbox, provider by provider. Answers how many. */
export async function resetEveryProvider(units: UnitsOfWork): Promise<number> {
  const providers = await units.store.db.selectFrom('providers').select('provider_id').execute();
  for (const { provider_id } of providers) await resetProvider(units, provider_id);
  return providers.length;
}
