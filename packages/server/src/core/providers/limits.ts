import type { UnitOfWork } from '../../engine/unit-of-work.ts';
import { fault } from '../../platform/errors.ts';
import { newRowId } from '../../platform/ids.ts';
import { isoTimestamp, parseTimestamp, realNow } from '../../platform/time.ts';
import type { Executor } from '../../store/statement.ts';
import { readProvider } from './service.ts';

export interface StandingLimits {
  readonly requests_per_minute: number;
  readonly token_requests_per_minute: number;
}

export interface NewLift {
  readonly ends_at: string;
  readonly starts_at?: string;
  readonly requests_per_minute: number;
  readonly token_requests_per_minute?: number;
  readonly reason: string;
}

export async function setLimits(uow: UnitOfWork, limits: StandingLimits): Promise<void> {
  await uow.db
    .updateTable('providers')
    .set({
      requests_per_minute: limits.requests_per_minute,
      token_requests_per_minute: limits.token_requests_per_minute,
    })
    .where('provider_id', '=', uow.provider.provider_id)
    .execute();
}

/** Other limits for a window of real time; when it ends, the standing ones are back by themselves (D: lifts). */
export async function liftLimits(uow: UnitOfWork, lift: NewLift): Promise<void> {
  const starts_at_real = lift.starts_at === undefined ? realNow() : parseTimestamp(lift.starts_at);
  const ends_at_real = parseTimestamp(lift.ends_at);
  if (ends_at_real <= Math.max(starts_at_real, realNow())) {
    throw fault('071-422-validation', {
      errors: [{ path: 'ends_at', message: 'must lie in the future and after starts_at' }],
    });
  }
  const { provider_id } = uow.provider;
  // Every call looks at all of them.
  await uow.db
    .deleteFrom('limit_lifts')
    .where('provider_id', '=', provider_id)
    .where('ends_at_real', '<=', realNow())
    .execute();
  await uow.db
    .insertInto('limit_lifts')
    .values({
      lift_id: newRowId(),
      provider_id,
      starts_at_real,
      ends_at_real,
      requests_per_minute: lift.requests_per_minute,
      token_requests_per_minute: lift.token_requests_per_minute ?? null,
      reason: lift.reason,
    })
    .execute();
}

/** Standing limits, and the lifts that are in force or still to come. */
export async function readLimits(db: Executor, provider_id: string) {
  const { requests_per_minute, token_requests_per_minute } = await readProvider(db, provider_id);
  const lifts = await db
    .selectFrom('limit_lifts')
    .selectAll()
    .where('provider_id', '=', provider_id)
    .where('ends_at_real', '>', realNow())
    .orderBy('lift_id')
    .execute();
  return {
    requests_per_minute,
    token_requests_per_minute,
    lifts: lifts.map((lift) => ({
      starts_at: isoTimestamp(lift.starts_at_real),
      ends_at: isoTimestamp(lift.ends_at_real),
      requests_per_minute: lift.requests_per_minute,
      token_requests_per_minute: lift.token_requests_per_minute,
      reason: lift.reason,
    })),
  };
}
