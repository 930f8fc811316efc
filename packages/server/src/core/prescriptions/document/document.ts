import { countries, type Environment } from '@osigu-sandbox/contract';
import { providerNow } from '../../../engine/clock.ts';
import type { Executor } from '../../../store/statement.ts';
import { partsOfOne } from '../parts.ts';
import { prescriptionStatusAt } from '../rules.ts';
import type { PrescriptionRow } from '../store.ts';
import { renderPrescription } from './render.ts';

/** Rendered anew each time; the same state gives the same bytes. */
export async function prescriptionPdf(
  db: Executor,
  prescription: PrescriptionRow,
  environment: Environment,
): Promise<Buffer> {
  const provider = await db
    .selectFrom('providers')
    .select(['name', 'country_code', 'clock_offset'])
    .where('provider_id', '=', prescription.provider_id)
    .executeTakeFirstOrThrow();
  return renderPrescription({
    ...(await partsOfOne(db, prescription)),
    issuer: provider.name,
    time_zone: countries[provider.country_code].timezone,
    environment,
    status: prescriptionStatusAt(prescription, providerNow(provider.clock_offset)),
  });
}
