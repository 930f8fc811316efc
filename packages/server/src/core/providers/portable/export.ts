import type { UnitsOfWork } from '../../../engine/unit-of-work.ts';
import { isoTimestamp, realNow } from '../../../platform/time.ts';
import { schemaVersion } from '../../../store/migrate.ts';
import { requireProviderId } from '../service.ts';
import { toJson } from '../world/document.ts';
import { takeWorld } from '../world/take.ts';
import {
  clientColumns,
  fileFormat,
  fileVersion,
  liftColumns,
  type ProviderFile,
  providerColumns,
} from './file.ts';

/** 404 for an unknown slug. Snapshots, the request log and stored answers of idempotency keys stay behind. */
export async function exportProvider(units: UnitsOfWork, provider_slug: string): Promise<ProviderFile> {
  const provider_id = await requireProviderId(units.store.db, provider_slug);
  return units.run(
    provider_id,
    async (uow) => ({
      format: fileFormat,
      version: fileVersion,
      schema_version: schemaVersion,
      exported_at: isoTimestamp(realNow()),
      provider: await uow.db
        .selectFrom('providers')
        .select([...providerColumns])
        .where('provider_id', '=', provider_id)
        .executeTakeFirstOrThrow(),
      clients: await uow.db
        .selectFrom('clients')
        .select([...clientColumns])
        .where('provider_id', '=', provider_id)
        .orderBy('client_id')
        .execute(),
      limit_lifts: await uow.db
        .selectFrom('limit_lifts')
        .select([...liftColumns])
        .where('provider_id', '=', provider_id)
        .orderBy('lift_id')
        .execute(),
      world: toJson(await takeWorld(uow)),
    }),
    { lock: 'exclusive' },
  );
}
