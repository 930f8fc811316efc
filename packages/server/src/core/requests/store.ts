import { change, type Executor, statement } from '../../store/statement.ts';
import type { Batch } from './batch.ts';

const insertBatch = change<Batch & Record<string, unknown>>((db, row) =>
  db
    .insertInto('request_log')
    .values({
      provider_id: row.provider_id,
      batch_id: row.batch_id,
      calls: row.calls,
      last_at_real: row.last_at_real,
      bytes: row.bytes,
      summaries: row.summaries,
      bodies: row.bodies,
    })
    // Written before by somebody who did not learn of it.
    .onConflict((conflict) => conflict.doNothing()),
);

export async function insertBatches(tx: Executor, batches: readonly Batch[]): Promise<void> {
  for (const batch of batches) await insertBatch(tx, { ...batch });
}

export type BatchSize = Pick<Batch, 'batch_id' | 'calls' | 'last_at_real' | 'bytes'>;

/** Newest first. */
export const selectSizes = statement<{ provider_id: string }, BatchSize>((db, { provider_id }) =>
  db
    .selectFrom('request_log')
    .select(['batch_id', 'calls', 'last_at_real', 'bytes'])
    .where('provider_id', '=', provider_id)
    .orderBy('batch_id', 'desc'),
);

export const selectSummaries = statement<{ provider_id: string }, Pick<Batch, 'batch_id' | 'summaries'>>(
  (db, { provider_id }) =>
    db.selectFrom('request_log').select(['batch_id', 'summaries']).where('provider_id', '=', provider_id),
);

export const selectBodies = statement<{ provider_id: string; batch_id: string }, Pick<Batch, 'bodies'>>(
  (db, { provider_id, batch_id }) =>
    db
      .selectFrom('request_log')
      .select('bodies')
      .where('provider_id', '=', provider_id)
      .where('batch_id', '=', batch_id),
);

interface Range extends Record<string, unknown> {
  readonly provider_id: string;
  /** Both included. */
  readonly from: string;
  readonly to: string;
}

export const selectBatches = statement<Range, Batch>((db, { provider_id, from, to }) =>
  db
    .selectFrom('request_log')
    .selectAll()
    .where('provider_id', '=', provider_id)
    .where('batch_id', '>=', from)
    .where('batch_id', '<=', to)
    .orderBy('batch_id'),
);

export const deleteBatches = change<Range>((db, { provider_id, from, to }) =>
  db
    .deleteFrom('request_log')
    .where('provider_id', '=', provider_id)
    .where('batch_id', '>=', from)
    .where('batch_id', '<=', to),
);
