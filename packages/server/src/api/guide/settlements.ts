import {
  Page,
  PageQuery,
  PendingAuthorization,
  Settlement,
  SettlementAttach,
  SettlementAttached,
  SettlementCreate,
  SettlementDispatch,
  SettlementDocument,
  SettlementDocumentCreate,
  SettlementSummary,
  settlementStatuses,
  Words,
} from '@osigu-sandbox/contract';
import Type from 'typebox';
import { attach, detach } from '../../core/settlements/attach.ts';
import { dispatch } from '../../core/settlements/dispatch.ts';
import {
  addDocument,
  listDocuments,
  readDocument,
  removeDocument,
} from '../../core/settlements/documents/documents.ts';
import { openSettlement, requireSettlement } from '../../core/settlements/open.ts';
import { listPendingAuthorizations, listSettlements, readSettlement } from '../../core/settlements/read.ts';
import { created, noContent, ok } from '../answers.ts';
import type { Endpoints, ReadContext } from '../endpoint.ts';
import { bytesOf } from '../openapi.ts';
import { pageOf, slice, window } from '../paging.ts';
import { readAttachment } from './attachment.ts';
import { sendFile } from './download.ts';

const tag = 'Settlements';
const base = '/v3/settlements';
const read = { kind: 'client', scopes: ['arc:read'] } as const;
const write = { kind: 'client', scopes: ['arc:write'] } as const;

const SettlementPath = Type.Object({ settlement_id: Type.String() });
const DocumentPath = Type.Object({ settlement_id: Type.String(), document_id: Type.String() });
const exists = (context: ReadContext, { settlement_id }: { settlement_id: string }) =>
  requireSettlement(context, settlement_id);

export function settlementRoutes(endpoints: Endpoints): void {
  openAndRead(endpoints);
  memberRoutes(endpoints);
  documentRoutes(endpoints);
  dispatchRoute(endpoints);
}

function openAndRead(endpoints: Endpoints): void {
  endpoints.write({
    method: 'POST',
    url: base,
    operationId: 'createSettlement',
    tag,
    summary: 'Open a settlement batch',
    description:
      'A batch is of one sponsor, whose configuration says `settlement: BATCH`. `period` names the month that it is ' +
      'presented for and does not limit what may be attached; several may be open at once.',
    provenance: 'documented',
    access: write,
    body: SettlementCreate,
    bodyExample: { sponsor_slug: 'sponsor-sandbox-do', period: '2026-01' },
    answers: { 201: Settlement },
    errors: ['071-403-sponsor-not-affiliated', '071-422-settlement-not-batch'],
    write: async (uow, { body }) => {
      const settlement = await openSettlement(uow, body);
      return created(settlement, `${base}/${settlement.settlement_id}`);
    },
  });

  endpoints.read({
    method: 'GET',
    url: base,
    operationId: 'listSettlements',
    tag,
    summary: 'Settlements of the provider, newest first',
    provenance: 'sandbox',
    access: read,
    query: Type.Object({
      status: Type.Optional(Words(settlementStatuses)),
      sponsor_slug: Type.Optional(Type.String()),
      period: Type.Optional(SettlementCreate.properties.period),
      ...PageQuery,
    }),
    answers: { 200: Page(SettlementSummary) },
    read: async (context, { request, query }) => {
      const { total, content } = await listSettlements(context, query, window(query));
      return pageOf(request, query, total, content);
    },
  });

  endpoints.read({
    method: 'GET',
    url: `${base}/:settlement_id`,
    operationId: 'getSettlement',
    tag,
    summary: 'Read a settlement with its totals, lines and documents',
    description:
      '`total_amount` is what the sponsor owes: the sum of the covered amounts. Once the sponsor has decided, ' +
      '`accepted_amount` and `rejected_amount` add up to it.',
    provenance: 'sandbox',
    access: read,
    params: SettlementPath,
    answers: { 200: Settlement },
    errors: ['071-404-settlement'],
    read: (context, { params }) => readSettlement(context, params.settlement_id),
  });
}

function memberRoutes(endpoints: Endpoints): void {
  endpoints.read({
    method: 'GET',
    url: `${base}/:settlement_id/pending-authorizations`,
    operationId: 'listPendingAuthorizations',
    tag,
    summary: 'What can be attached, oldest first',
    description:
      'Completed claims of the sponsor of this settlement that are in no live batch, whatever month they are of. A ' +
      'claim that a settlement refused is here again.',
    provenance: 'documented',
    access: read,
    params: SettlementPath,
    query: Type.Object(PageQuery),
    answers: { 200: Page(PendingAuthorization) },
    errors: ['071-404-settlement'],
    exists,
    read: async (context, { request, params, query }) => {
      const { total, content } = await listPendingAuthorizations(
        context,
        params.settlement_id,
        window(query),
      );
      return pageOf(request, query, total, content);
    },
  });

  endpoints.write({
    method: 'POST',
    url: `${base}/:settlement_id/authorizations`,
    operationId: 'attachToSettlement',
    tag,
    summary: 'Attach claims, by authorization or by their own ids',
    description:
      'All or nothing; every id that cannot be attached is listed with its place. An authorization stands for all of ' +
      'its completed claims that are in no live batch.',
    provenance: 'documented',
    access: write,
    params: SettlementPath,
    body: SettlementAttach,
    bodyExample: { authorization_ids: ['auth_01JG0000000000000000000000'] },
    answers: { 200: SettlementAttached },
    errors: ['071-404-settlement', '071-409-settlement-dispatched', '071-409-claim-in-batch'],
    exists,
    write: async (uow, { params, body }) => ok(await attach(uow, params.settlement_id, body)),
  });

  endpoints.write({
    method: 'DELETE',
    url: `${base}/:settlement_id/authorizations/:authorization_id`,
    operationId: 'detachAuthorization',
    tag,
    summary: 'Take all claims of an authorization out of an open settlement',
    provenance: 'sandbox',
    access: write,
    params: Type.Object({ settlement_id: Type.String(), authorization_id: Type.String() }),
    answers: { 204: undefined },
    errors: ['071-404-settlement', '071-404-settlement-claim', '071-409-settlement-dispatched'],
    write: async (uow, { params: { settlement_id, authorization_id } }) => {
      await detach(uow, settlement_id, { authorization_id });
      return noContent;
    },
  });

  endpoints.write({
    method: 'DELETE',
    url: `${base}/:settlement_id/claims/:claim_id`,
    operationId: 'detachClaim',
    tag,
    summary: 'Take one claim out of an open settlement',
    provenance: 'sandbox',
    access: write,
    params: Type.Object({ settlement_id: Type.String(), claim_id: Type.String() }),
    answers: { 204: undefined },
    errors: ['071-404-settlement', '071-404-settlement-claim', '071-409-settlement-dispatched'],
    write: async (uow, { params: { settlement_id, claim_id } }) => {
      await detach(uow, settlement_id, { claim_id });
      return noContent;
    },
  });
}

function documentRoutes(endpoints: Endpoints): void {
  const url = `${base}/:settlement_id/documents`;

  endpoints.write({
    method: 'POST',
    url,
    operationId: 'addSettlementDocument',
    tag,
    summary: 'Add a supporting document to an open settlement',
    description:
      'As multipart with the part `file`, as urlencoded form or as JSON with Base64; `document_type` is a free word. ' +
      'The type is told by the content: PDF, JPEG or PNG, up to 10 MB.',
    provenance: 'documented',
    access: write,
    params: SettlementPath,
    consumes: ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'],
    prepare: readAttachment,
    body: SettlementDocumentCreate,
    bodyExample: {
      document_type: 'INVOICE',
      file_name: 'invoice.pdf',
      content_base64: 'JVBERi0xLjQKJSVFT0YK',
    },
    answers: { 201: SettlementDocument },
    errors: ['071-404-settlement', '071-422-file-type', '071-409-settlement-dispatched'],
    exists,
    write: async (uow, { params: { settlement_id }, body }) => {
      const document = await addDocument(uow, settlement_id, body);
      return created(document, `${base}/${settlement_id}/documents/${document.document_id}`);
    },
  });

  endpoints.read({
    method: 'GET',
    url,
    operationId: 'listSettlementDocuments',
    tag,
    summary: 'Documents of a settlement, oldest first',
    provenance: 'sandbox',
    access: read,
    params: SettlementPath,
    query: Type.Object(PageQuery),
    answers: { 200: Page(SettlementDocument) },
    errors: ['071-404-settlement'],
    exists,
    read: async (context, { request, params, query }) =>
      slice(request, query, await listDocuments(context, params.settlement_id)),
  });

  endpoints.read({
    method: 'GET',
    url: `${url}/:document_id`,
    operationId: 'downloadSettlementDocument',
    tag,
    summary: 'The bytes of a document',
    provenance: 'sandbox',
    access: read,
    anyAccept: true,
    params: DocumentPath,
    answers: { 200: bytesOf(['application/pdf', 'image/jpeg', 'image/png']) },
    errors: ['071-404-settlement', '071-404-settlement-document'],
    read: async (context, { params, reply }) =>
      sendFile(reply, await readDocument(context, params.settlement_id, params.document_id)),
  });

  endpoints.write({
    method: 'DELETE',
    url: `${url}/:document_id`,
    operationId: 'removeSettlementDocument',
    tag,
    summary: 'Remove a document from an open settlement',
    provenance: 'sandbox',
    access: write,
    params: DocumentPath,
    answers: { 204: undefined },
    errors: ['071-404-settlement', '071-404-settlement-document', '071-409-settlement-dispatched'],
    write: async (uow, { params }) => {
      await removeDocument(uow, params.settlement_id, params.document_id);
      return noContent;
    },
  });
}

function dispatchRoute(endpoints: Endpoints): void {
  endpoints.write({
    method: 'POST',
    url: `${base}/:settlement_id/dispatch`,
    operationId: 'dispatchSettlement',
    tag,
    summary: 'Hand the settlement to the sponsor',
    description:
      'The sponsor evaluates 30 seconds later, on the clock of the provider, and tells by `settlement.paid`, ' +
      '`settlement.rejected` or `settlement.partially_accepted`. Where its configuration names a verification for ' +
      'settlements, the proof of any person whom the batch covers comes with this call and is used up by it.',
    provenance: 'documented',
    access: write,
    params: SettlementPath,
    body: SettlementDispatch,
    bodyExample: { otp_verification_token: 'jN1c6mB0Z2mXv8yqk3tW5uRr7dPfLs9aEoYhGiTnQxC' },
    bodyOptional: true,
    answers: { 200: Settlement },
    errors: [
      '071-404-settlement',
      '071-422-settlement-empty',
      '071-422-verification-required',
      '071-409-settlement-dispatched',
    ],
    exists,
    write: async (uow, { params, body }) => ok(await dispatch(uow, params.settlement_id, body)),
  });
}
