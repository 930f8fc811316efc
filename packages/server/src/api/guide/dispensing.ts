import {
  Dispensation,
  DispensationComplete,
  DispensationStart,
  DispensationUpdate,
  dispensationStatuses,
  Page,
  PageQuery,
  Reason,
  VerificationStatus,
  Words,
} from '@osigu-sandbox/contract';
import Type from 'typebox';
import { voidDispensation } from '../../core/dispensing/cancel.ts';
import { completeDispensation } from '../../core/dispensing/complete.ts';
import { requireDispensation } from '../../core/dispensing/open.ts';
import { listDispensations, readDispensation } from '../../core/dispensing/read.ts';
import { startDispensation } from '../../core/dispensing/start.ts';
import { updateDispensation } from '../../core/dispensing/update.ts';
import { verificationStatusOf } from '../../core/dispensing/view.ts';
import { created, ok } from '../answers.ts';
import type { Endpoints, ReadContext } from '../endpoint.ts';
import { pageOf, window } from '../paging.ts';

const tag = 'Dispensing';
const url = '/dispensing/v1/dispensations';
const read = { kind: 'client', scopes: ['dispensing:read'] } as const;
const write = { kind: 'client', scopes: ['dispensing:write'] } as const;

const DispensationPath = Type.Object({ dispensation_id: Type.String() });
const exists = (context: ReadContext, { dispensation_id }: { dispensation_id: string }) =>
  requireDispensation(context, dispensation_id);

export function dispensingRoutes(endpoints: Endpoints): void {
  startRoute(endpoints);
  readRoutes(endpoints);
  changeRoutes(endpoints);
}

function startRoute(endpoints: Endpoints): void {
  endpoints.write({
    method: 'POST',
    url,
    operationId: 'startDispensation',
    tag,
    summary: 'Start the dispensation of a code',
    description:
      'Holds the quantities until it is completed, voided, or 30 minutes are over. Without `products` everything ' +
      'that remains is dispensed. The person is matched by document, so each provider names them by its own id; a ' +
      'prescription code needs none, and the patient pays in the currency of whoever dispenses. ' +
      'Of a substituted line, `quantity` is what it takes from the code; `unit_price` and `substitute_quantity` ' +
      'are of what is handed over.',
    provenance: 'documented',
    access: write,
    body: DispensationStart,
    bodyExample: { code: 'AUTH-2026-004217', beneficiary_id: 'bnf_01JG0000000000000000000000' },
    answers: { 201: Dispensation },
    errors: [
      '071-404-code',
      '071-422-beneficiary-mismatch',
      '071-104',
      '071-409-already-dispensed',
      '071-409-dispensation-in-progress',
      '071-409-code-voided',
      '071-409-code-expired',
      '071-409-code-pending',
      '071-409-code-rejected',
    ],
    write: async (uow, { body }) => {
      const dispensation = await startDispensation(uow, body);
      return created(dispensation, `${url}/${dispensation.dispensation_id}`);
    },
  });
}

function readRoutes(endpoints: Endpoints): void {
  endpoints.read({
    method: 'GET',
    url,
    operationId: 'listDispensations',
    tag,
    summary: 'Dispensations of the provider, newest first',
    provenance: 'sandbox',
    access: read,
    query: Type.Object({
      status: Type.Optional(Words(dispensationStatuses)),
      code: Type.Optional(Type.String()),
      ...PageQuery,
    }),
    answers: { 200: Page(Dispensation) },
    read: async (context, { request, query }) => {
      const { total, content } = await listDispensations(context, query, window(query));
      return pageOf(request, query, total, content);
    },
  });

  endpoints.read({
    method: 'GET',
    url: `${url}/:dispensation_id`,
    operationId: 'getDispensation',
    tag,
    summary: 'Read a dispensation',
    description: 'Only the provider that dispenses sees it; the owner of the code gets events.',
    provenance: 'observed',
    access: read,
    params: DispensationPath,
    answers: { 200: Dispensation },
    errors: ['071-404-dispensation'],
    read: (context, { params }) => readDispensation(context, params.dispensation_id),
  });

  endpoints.read({
    method: 'GET',
    url: `${url}/:dispensation_id/verification-status`,
    operationId: 'getDispensationVerificationStatus',
    tag,
    summary: 'Whether the sponsor wants a proof of the person, and whether it was given',
    description: '`satisfied` is true where nothing is required, and once the proof was taken by complete.',
    provenance: 'documented',
    access: read,
    params: DispensationPath,
    answers: { 200: VerificationStatus },
    errors: ['071-404-dispensation'],
    read: async (context, { params }) => verificationStatusOf(await exists(context, params)),
  });
}

function changeRoutes(endpoints: Endpoints): void {
  endpoints.write({
    method: 'PUT',
    url: `${url}/:dispensation_id`,
    operationId: 'updateDispensation',
    tag,
    summary: 'Replace the lines of an open dispensation',
    description: 'Takes the quantities anew: all of them or, when it answers an error, none of them.',
    provenance: 'documented',
    access: write,
    params: DispensationPath,
    body: DispensationUpdate,
    bodyExample: { products: [{ product_code: 'MED-SBX-001', quantity: 10 }] },
    answers: { 200: Dispensation },
    errors: [
      '071-404-dispensation',
      '071-104',
      '071-409-dispensation-closed',
      '071-409-dispensation-in-progress',
      '071-409-code-expired',
    ],
    exists,
    write: async (uow, { params, body }) =>
      ok(await updateDispensation(uow, params.dispensation_id, body.products)),
  });

  endpoints.write({
    method: 'POST',
    url: `${url}/:dispensation_id/complete`,
    operationId: 'completeDispensation',
    tag,
    summary: 'Complete a dispensation: redeem the code and, of an authorization, create the claim',
    description:
      '`amount`, when sent, is the total with taxes or the part covered by the sponsor. Where `verification_required` ' +
      'is set, the proof comes with this call and is used up by it.',
    provenance: 'documented',
    access: write,
    params: DispensationPath,
    body: DispensationComplete,
    bodyExample: { document_number: 'FV-10021', document_date: '2026-01-15' },
    answers: { 200: Dispensation },
    errors: [
      '071-404-dispensation',
      '071-422-amount-mismatch',
      '071-422-verification-required',
      '071-409-dispensation-closed',
    ],
    exists,
    write: async (uow, { params, body }) => ok(await completeDispensation(uow, params.dispensation_id, body)),
  });

  endpoints.write({
    method: 'POST',
    url: `${url}/:dispensation_id/void`,
    operationId: 'voidDispensation',
    tag,
    summary: 'Cancel an open dispensation',
    description: 'Its quantities can be dispensed again.',
    provenance: 'sandbox',
    access: write,
    params: DispensationPath,
    body: Reason,
    bodyOptional: true,
    bodyExample: { reason: 'The person left.' },
    answers: { 200: Dispensation },
    errors: ['071-404-dispensation', '071-409-dispensation-closed'],
    exists,
    write: async (uow, { params, body }) =>
      ok(await voidDispensation(uow, params.dispensation_id, body.reason)),
  });
}
