import {
  Authorization,
  AuthorizationRequest,
  AuthorizationUpdate,
  Decision,
  Reason,
} from '@osigu-sandbox/contract';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { updateAuthorization, voidAuthorization } from '../../core/authorizations/authorizations.ts';
import { decideByHand } from '../../core/authorizations/decide.ts';
import { fault } from '../../platform/errors.ts';
import { ok } from '../answers.ts';
import type { Endpoints } from '../endpoint.ts';
import { type ControlOptions, own } from './control.ts';

const tag = 'Sandbox control';

/** The sponsor's hand on one authorization request or authorization. */
export function decisionRoutes(endpoints: Endpoints, { units }: ControlOptions): void {
  const { db } = units.store;

  /** The tenant of the thing; for a client, only its own things exist. */
  async function ownerOf(
    table: 'authorization_requests' | 'authorizations',
    id: string,
    request: FastifyRequest,
  ): Promise<string> {
    const query =
      table === 'authorizations'
        ? db.selectFrom('authorizations').select('provider_id').where('authorization_id', '=', id)
        : db
            .selectFrom('authorization_requests')
            .select('provider_id')
            .where('authorization_request_id', '=', id);
    const row = await query.executeTakeFirst();
    const visible =
      row !== undefined && (request.operator || request.caller?.provider_id === row.provider_id);
    if (!visible) {
      throw fault(table === 'authorizations' ? '071-404-authorization' : '071-404-authorization-request');
    }
    return row.provider_id;
  }

  endpoints.control({
    method: 'POST',
    url: '/_sandbox/v1/authorization-requests/:authorization_request_id/decide',
    operationId: 'decideAuthorizationRequest',
    tag,
    summary: 'Decide a request that waits for the sponsor',
    provenance: 'sandbox',
    access: own,
    params: Type.Object({ authorization_request_id: Type.String() }),
    body: Decision,
    bodyExample: { decision: 'REJECTED', rejection_code: 'MEDICAL_CRITERIA' },
    answers: { 200: AuthorizationRequest },
    errors: ['071-404-authorization-request', '071-409-already-decided'],
    provider: (params, request) =>
      ownerOf('authorization_requests', params.authorization_request_id, request),
    write: async (uow, { params, body }) =>
      ok(await decideByHand(uow, params.authorization_request_id, body)),
  });

  const AuthorizationPath = Type.Object({ authorization_id: Type.String() });

  endpoints.control({
    method: 'POST',
    url: '/_sandbox/v1/authorizations/:authorization_id/update',
    operationId: 'updateAuthorization',
    tag,
    summary: 'Change payment type, validity or a product as the sponsor',
    description: 'Emits `authorization.updated`.',
    provenance: 'sandbox',
    access: own,
    params: AuthorizationPath,
    body: AuthorizationUpdate,
    bodyExample: { payment_type: 'REIMBURSEMENT' },
    answers: { 200: Authorization },
    errors: [
      '071-404-authorization',
      '071-409-already-dispensed',
      '071-409-code-voided',
      '071-409-code-expired',
      '071-409-code-pending',
      '071-409-code-rejected',
    ],
    provider: (params, request) => ownerOf('authorizations', params.authorization_id, request),
    write: async (uow, { params, body }) => ok(await updateAuthorization(uow, params.authorization_id, body)),
  });

  endpoints.control({
    method: 'POST',
    url: '/_sandbox/v1/authorizations/:authorization_id/void',
    operationId: 'voidAuthorizationAsSponsor',
    tag,
    summary: 'Void an authorization as the sponsor',
    provenance: 'sandbox',
    access: own,
    params: AuthorizationPath,
    body: Reason,
    bodyExample: { reason: 'Entered by mistake.' },
    bodyOptional: true,
    answers: { 200: Authorization },
    errors: ['071-404-authorization', '071-409-not-voidable'],
    provider: (params, request) => ownerOf('authorizations', params.authorization_id, request),
    write: async (uow, { params, body }) =>
      ok(await voidAuthorization(uow, params.authorization_id, 'SPONSOR', body.reason)),
  });
}
