import { Settlement, SettlementResolution } from '@osigu-sandbox/contract';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { resolveByHand } from '../../core/settlements/decision/by-hand.ts';
import { ownerOfSettlement } from '../../core/settlements/store.ts';
import { fault } from '../../platform/errors.ts';
import { ok } from '../answers.ts';
import type { Endpoints } from '../endpoint.ts';
import { type ControlOptions, own } from './control.ts';

/** The sponsor's hand on one settlement. */
export function settlementControlRoutes(endpoints: Endpoints, { units }: ControlOptions): void {
  /** The tenant; for a client, only its own settlements exist. */
  async function ownerOf(settlement_id: string, { operator, caller }: FastifyRequest): Promise<string> {
    const [row] = await ownerOfSettlement(units.store.db, { settlement_id });
    if (row === undefined || !(operator || caller?.provider_id === row.provider_id)) {
      throw fault('071-404-settlement');
    }
    return row.provider_id;
  }

  endpoints.control({
    method: 'POST',
    url: '/_sandbox/v1/settlements/:settlement_id/resolve',
    operationId: 'resolveSettlement',
    tag: 'Sandbox control',
    summary: 'Decide a dispatched settlement as the sponsor',
    description:
      'PARTIALLY_ACCEPTED needs `rejected`, the claims that are refused; with REJECTED every claim is, and `rejected` ' +
      'may give reasons. The evaluation that was due does not happen any more.',
    provenance: 'sandbox',
    access: own,
    params: Type.Object({ settlement_id: Type.String() }),
    body: SettlementResolution,
    bodyExample: { decision: 'ACCEPTED' },
    answers: { 200: Settlement },
    errors: ['071-404-settlement', '071-409-settlement-open', '071-409-settlement-resolved'],
    provider: (params, request) => ownerOf(params.settlement_id, request),
    write: async (uow, { params, body }) => ok(await resolveByHand(uow, params.settlement_id, body)),
  });
}
