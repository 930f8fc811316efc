import {
  AuthorizationRequest,
  AuthorizationRequestComplete,
  AuthorizationRequestCompleted,
  AuthorizationRequestCreate,
  authorizationRequestStatuses,
  DocumentPolicy,
  Indication,
  IndicationCreate,
  Page,
  PageQuery,
  Timestamp,
  Words,
} from '@osigu-sandbox/contract';
import Type from 'typebox';
import { completeRequest } from '../../core/authorizations/complete.ts';
import { attachIndication, documentPolicyOfRequest } from '../../core/authorizations/indications.ts';
import { initiateRequest } from '../../core/authorizations/initiate.ts';
import {
  cancelRequest,
  describeFreshRequest,
  listRequests,
  readRequest,
  requireRequest,
} from '../../core/authorizations/requests.ts';
import { created, ok } from '../answers.ts';
import type { Endpoints, ReadContext } from '../endpoint.ts';
import { pageOf, window } from '../paging.ts';
import { readAttachment } from './attachment.ts';
import { productTypeOf } from './product-types.ts';

const tag = 'Pre-authorizations';
const read = { kind: 'client', scopes: ['arc:read'] } as const;
const write = { kind: 'client', scopes: ['arc:write'] } as const;
const base = '/arc/v1/authorization-requests';
const RequestPath = Type.Object({ authorization_request_id: Type.String() });
const exists = (context: ReadContext, params: { authorization_request_id: string }) =>
  requireRequest(context, params.authorization_request_id);

export function authorizationRequestRoutes(endpoints: Endpoints): void {
  initiateAndRead(endpoints);
  attachAndComplete(endpoints);
}

function initiateAndRead(endpoints: Endpoints): void {
  endpoints.write({
    method: 'POST',
    url: base,
    operationId: 'initiateAuthorizationRequest',
    tag,
    summary: 'Initiate a pre-authorization',
    description: 'First of two phases: a PENDING_INDICATION request and nothing else.',
    provenance: 'documented',
    access: write,
    body: AuthorizationRequestCreate,
    bodyExample: {
      beneficiary_id: 'bnf_01JG0000000000000000000000',
      sponsor_slug: 'sponsor-sandbox',
      diagnosis_code: 'E11.9',
      products: [
        {
          product_code: 'MED-SBX-001',
          product_type: 'MEDICATION',
          quantity: 30,
          posology: '1 cada 12 horas',
        },
      ],
    },
    answers: { 201: AuthorizationRequest },
    errors: [
      '071-403-sponsor-not-affiliated',
      '071-104',
      '071-422-product-type-unsupported',
      '071-422-coverage-inactive',
    ],
    write: async (uow, { body }) => {
      const products = body.products.map((product) => ({
        ...product,
        product_type: productTypeOf(product.product_type),
      }));
      const row = await initiateRequest(uow, { ...body, products });
      const request = await describeFreshRequest(uow, row);
      return created(request, `${base}/${request.authorization_request_id}`);
    },
  });

  endpoints.read({
    method: 'GET',
    url: base,
    operationId: 'listAuthorizationRequests',
    tag,
    summary: 'List authorization requests, newest first',
    provenance: 'sandbox',
    access: read,
    query: Type.Object({
      status: Type.Optional(Words(authorizationRequestStatuses)),
      sponsor_slug: Type.Optional(Type.String()),
      beneficiary_id: Type.Optional(Type.String()),
      created_from: Type.Optional(Timestamp),
      created_to: Type.Optional(Timestamp),
      ...PageQuery,
    }),
    answers: { 200: Page(AuthorizationRequest) },
    read: async (context, { request, query }) => {
      const { rows, total } = await listRequests(context, query, window(query));
      return pageOf(request, query, total, rows);
    },
  });

  endpoints.read({
    method: 'GET',
    url: `${base}/:authorization_request_id`,
    operationId: 'getAuthorizationRequest',
    tag,
    summary: 'Read an authorization request',
    provenance: 'documented',
    access: read,
    params: RequestPath,
    answers: { 200: AuthorizationRequest },
    errors: ['071-404-authorization-request'],
    read: (context, { params }) => readRequest(context, params.authorization_request_id),
  });

  endpoints.read({
    method: 'GET',
    url: `${base}/:authorization_request_id/document-policy`,
    operationId: 'getAuthorizationRequestDocumentPolicy',
    tag,
    summary: 'Documents that the sponsor wants, before completion',
    provenance: 'sandbox',
    access: read,
    params: RequestPath,
    answers: { 200: DocumentPolicy },
    errors: ['071-404-authorization-request'],
    read: (context, { params }) => documentPolicyOfRequest(context, params.authorization_request_id),
  });
}

function attachAndComplete(endpoints: Endpoints): void {
  endpoints.write({
    method: 'POST',
    url: `${base}/:authorization_request_id/indications`,
    operationId: 'attachIndication',
    tag,
    summary: 'Attach an indication',
    description:
      'As multipart with the parts `file` and `file_type`, as urlencoded form or as JSON with Base64. The type is ' +
      'told by the content: PDF, JPEG or PNG, up to 10 MB. Only before completion.',
    provenance: 'documented',
    access: write,
    params: RequestPath,
    consumes: ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'],
    prepare: readAttachment,
    body: IndicationCreate,
    bodyExample: {
      file_type: 'MEDICAL_INDICATION',
      file_name: 'indication.pdf',
      content_type: 'application/pdf',
      content_base64: 'JVBERi0xLjQKJSVFT0YK',
    },
    answers: { 201: Indication },
    errors: ['071-404-authorization-request', '071-422-file-type', '071-409-indications-closed'],
    exists,
    write: async (uow, { params, body }) =>
      created(await attachIndication(uow, params.authorization_request_id, body)),
  });

  endpoints.write({
    method: 'POST',
    url: `${base}/:authorization_request_id/complete`,
    operationId: 'completeAuthorizationRequest',
    tag,
    summary: 'Complete a pre-authorization',
    description:
      'Second phase. A missing indication answers 200 with PENDING_INDICATION. A synchronous sponsor decides at ' +
      'once; an asynchronous one answers PENDING_SPONSOR and decides later, by webhook.',
    provenance: 'documented',
    access: write,
    params: RequestPath,
    body: AuthorizationRequestComplete,
    bodyExample: { otp_verification_token: 'jN1c6mB0Z2mXv8yqk3tW5uRr7dPfLs9aEoYhGiTnQxC' },
    bodyOptional: true,
    answers: { 200: AuthorizationRequestCompleted },
    errors: [
      '071-404-authorization-request',
      '071-422-verification-required',
      '071-409-already-completed',
      '071-409-cancelled',
    ],
    exists,
    write: async (uow, { params, body }) => {
      const outcome = await completeRequest(uow, params.authorization_request_id, body);
      const { answer_delay: delay } = outcome;
      return 'refusal' in outcome ? { ...outcome, delay } : { ...ok(outcome.completion), delay };
    },
  });

  endpoints.write({
    method: 'POST',
    url: `${base}/:authorization_request_id/cancel`,
    operationId: 'cancelAuthorizationRequest',
    tag,
    summary: 'Cancel a request that is not completed',
    provenance: 'sandbox',
    access: write,
    params: RequestPath,
    answers: { 200: AuthorizationRequest },
    errors: ['071-404-authorization-request', '071-409-not-cancellable'],
    write: async (uow, { params }) => ok(await cancelRequest(uow, params.authorization_request_id)),
  });
}
