import {
  Authorization,
  authorizationStatuses,
  DocumentPolicy,
  Page,
  PageQuery,
  Reason,
  Words,
} from '@osigu-sandbox/contract';
import Type from 'typebox';
import {
  listAuthorizations,
  readAuthorization,
  requireAuthorization,
  voidAuthorization,
} from '../../core/authorizations/authorizations.ts';
import { documentPolicyOfAuthorization } from '../../core/authorizations/indications.ts';
import { readFile } from '../../core/files/read.ts';
import { ok } from '../answers.ts';
import type { Endpoints } from '../endpoint.ts';
import { bytesOf } from '../openapi.ts';
import { pageOf, window } from '../paging.ts';
import { sendFile } from './download.ts';

const tag = 'Pre-authorizations';
const read = { kind: 'client', scopes: ['arc:read'] } as const;
const write = { kind: 'client', scopes: ['arc:write'] } as const;
const AuthorizationPath = Type.Object({ authorization_id: Type.String() });

export function authorizationRoutes(endpoints: Endpoints): void {
  endpoints.read({
    method: 'GET',
    url: '/arc/v1/authorizations',
    operationId: 'listAuthorizations',
    tag,
    summary: 'List authorizations, newest first',
    provenance: 'sandbox',
    access: read,
    query: Type.Object({
      code: Type.Optional(Type.String()),
      status: Type.Optional(Words(authorizationStatuses)),
      beneficiary_id: Type.Optional(Type.String()),
      ...PageQuery,
    }),
    answers: { 200: Page(Authorization) },
    read: async (context, { request, query }) => {
      const { rows, total } = await listAuthorizations(context, query, window(query));
      return pageOf(request, query, total, rows);
    },
  });

  endpoints.read({
    method: 'GET',
    url: '/arc/v1/authorizations/:authorization_id',
    operationId: 'getAuthorization',
    tag,
    summary: 'Read an authorization',
    provenance: 'sandbox',
    access: read,
    params: AuthorizationPath,
    answers: { 200: Authorization },
    errors: ['071-404-authorization'],
    read: (context, { params }) => readAuthorization(context, params.authorization_id),
  });

  endpoints.write({
    method: 'POST',
    url: '/arc/v1/authorizations/:authorization_id/void',
    operationId: 'voidAuthorization',
    tag,
    summary: 'Void an approved authorization that was not redeemed',
    description: 'Emits `authorization.voided`.',
    provenance: 'documented',
    access: write,
    params: AuthorizationPath,
    body: Reason,
    bodyExample: { reason: 'The treatment changed.' },
    bodyOptional: true,
    answers: { 200: Authorization },
    errors: ['071-404-authorization', '071-409-not-voidable'],
    exists: (context, params) => requireAuthorization(context, params.authorization_id),
    write: async (uow, { params, body }) =>
      ok(await voidAuthorization(uow, params.authorization_id, 'PROVIDER', body.reason)),
  });

  endpoints.read({
    method: 'GET',
    url: '/arc/v1/authorizations/:authorization_id/document-policy',
    operationId: 'getAuthorizationDocumentPolicy',
    tag,
    summary: 'Documents that the sponsor wants',
    provenance: 'observed',
    access: read,
    params: AuthorizationPath,
    answers: { 200: DocumentPolicy },
    errors: ['071-404-authorization'],
    read: (context, { params }) => documentPolicyOfAuthorization(context, params.authorization_id),
  });

  endpoints.read({
    method: 'GET',
    url: '/arc/v2/authorizations/files/:file_id',
    operationId: 'downloadFile',
    tag,
    summary: 'The bytes of an attached file',
    provenance: 'observed',
    access: read,
    anyAccept: true,
    params: Type.Object({ file_id: Type.String() }),
    answers: { 200: bytesOf(['application/pdf', 'image/jpeg', 'image/png']) },
    errors: ['071-404-file'],
    read: async (context, { params, reply }) => sendFile(reply, await readFile(context, params.file_id)),
  });
}
