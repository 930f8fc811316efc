import type { Environment } from '@osigu-sandbox/contract';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { requireProviderId } from '../../core/providers/service.ts';
import type { DueHandlers } from '../../engine/run-due.ts';
import type { UnitsOfWork } from '../../engine/unit-of-work.ts';
import type { Log } from '../../platform/log.ts';
import type { Executor } from '../../store/statement.ts';

/** What the control surface shares. It is absent in the production profile. */
export interface ControlOptions {
  readonly units: UnitsOfWork;
  readonly handlers: DueHandlers;
  readonly log: Log;
  readonly environment: Environment;
  readonly baseUrlOf: (request: FastifyRequest) => string;
}

export const operatorOnly = { kind: 'control', own: false } as const;
/** The operator, or a client's own token for its own provider. */
export const own = { kind: 'control', own: true } as const;

export const ProviderPath = Type.Object({ provider_slug: Type.String() });

export function providerIdOf(db: Executor, params: { provider_slug: string }): Promise<string> {
  return requireProviderId(db, params.provider_slug);
}
