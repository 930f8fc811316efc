import type { UnitOfWork, UnitsOfWork } from '../../engine/unit-of-work.ts';
import { realNow } from '../../platform/time.ts';
import { seedFixtures } from './seed.ts';
import { beginWorld, endWorld } from './world/replace.ts';

/**
 * Wipes and reseeds one provider, in a transaction that locks it exclusively: whoever reads sees the old world or the new
 * one. Same search inputs, credentials, live tokens and subscriptions; new ids; the clock is back at real time.
 */
export async function resetTenant(uow: UnitOfWork): Promise<void> {
  await endWorld(uow, ({ outlivesReset }) => outlivesReset !== true);
  await beginWorld(uow, 0);
  await seedFixtures({ ...uow, now: realNow() });
}

/** The whole sandbox, provider by provider. Answers how many. */
export async function resetEveryProvider(units: UnitsOfWork): Promise<number> {
  const providers = await units.store.db.selectFrom('providers').select('provider_id').execute();
  for (const { provider_id } of providers) {
    await units.run(provider_id, resetTenant, { lock: 'exclusive' });
  }
  return providers.length;
}
