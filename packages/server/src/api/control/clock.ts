import { Clock, ClockAdvance, ClockAdvanced } from '@osigu-sandbox/contract';
import { readProvider } from '../../core/providers/service.ts';
import { advanceClock } from '../../engine/advance.ts';
import { providerNow } from '../../engine/clock.ts';
import { fault } from '../../platform/errors.ts';
import { day, isoTimestamp, parseTimestamp, realNow } from '../../platform/time.ts';
import { ok } from '../answers.ts';
import type { Endpoints } from '../endpoint.ts';
import { type ControlOptions, own, ProviderPath, providerIdOf } from './control.ts';

const tag = 'Sandbox control';
const errors = ['071-404-provider', '071-403-provider-mismatch'] as const;
/** A clock that is ahead of real time by more than this helps nobody and leaves four-digit years. */
const farthest = 50 * 366 * day;

interface Move {
  readonly provider_id: string;
  /** `reset_at_real` of the provider whose clock it is. */
  readonly world: number | null;
  readonly target: number;
}

export function clockRoutes(endpoints: Endpoints, { units, handlers, log }: ControlOptions): void {
  const { db } = units.store;

  endpoints.open({
    method: 'GET',
    url: '/_sandbox/v1/providers/:provider_slug/clock',
    operationId: 'getClock',
    tag,
    summary: "The provider's clock",
    provenance: 'sandbox',
    access: own,
    params: ProviderPath,
    answers: { 200: Clock },
    errors,
    open: async ({ params }) => {
      const { clock_offset } = await readProvider(db, await providerIdOf(db, params));
      return { now: isoTimestamp(providerNow(clock_offset)), offset_seconds: clock_offset / 1_000 };
    },
  });

  endpoints.steps({
    method: 'POST',
    url: '/_sandbox/v1/providers/:provider_slug/clock/advance',
    operationId: 'advanceClock',
    tag,
    summary: "Move the provider's clock forward",
    description:
      'By `seconds` or `to` a moment. Everything due in between fires in order before the answer, webhook retries included.',
    provenance: 'sandbox',
    access: own,
    params: ProviderPath,
    body: ClockAdvance,
    bodyExample: { seconds: 30 },
    answers: { 200: ClockAdvanced },
    errors: [...errors, '071-409-clock-backwards'],
    exists: (params) => providerIdOf(db, params),
    plan: async ({ params, body }): Promise<Move> => {
      const provider_id = await providerIdOf(db, params);
      const { clock_offset, reset_at_real: world } = await readProvider(db, provider_id);
      return { provider_id, world, target: targetOf(body, providerNow(clock_offset)) };
    },
    carryOut: async ({ provider_id, world, target }) => {
      const { clock_offset, reset_at_real } = await readProvider(db, provider_id);
      // Of a world that is gone: its clock is no more, and that of the next is left alone.
      if (reset_at_real !== world) return ok({ now: isoTimestamp(providerNow(clock_offset)), fired: 0 });
      const { now, fired } = await advanceClock(units, handlers, log, provider_id, target);
      return ok({ now: isoTimestamp(now), fired });
    },
  });
}

function targetOf(body: { seconds?: number; to?: string }, now: number): number {
  const { seconds, to } = body;
  if ((seconds === undefined) === (to === undefined)) {
    throw fault('071-422-validation', {
      errors: [{ path: 'seconds', message: 'either seconds or to is required' }],
    });
  }
  const target = to === undefined ? now + Math.round((seconds ?? 0) * 1_000) : parseTimestamp(to);
  if (target < now) throw fault('071-409-clock-backwards');
  if (target > realNow() + farthest) {
    const path = to === undefined ? 'seconds' : 'to';
    throw fault('071-422-validation', {
      errors: [{ path, message: 'must not be more than 50 years ahead of real time' }],
    });
  }
  return target;
}
