import {
  Claim,
  ClaimComplete,
  ClaimFile,
  ClaimFileCreate,
  ClaimFiles,
  claimStatuses,
  MedicalProcedureClaimCreate,
  MedicalProcedureClaimUpdate,
  OutpatientCareClaimCreate,
  OutpatientCareClaimUpdate,
  Page,
  PageQuery,
  Reason,
  Timestamp,
  Words,
} from '@osigu-sandbox/contract';
import Type from 'typebox';
import { voidClaim } from '../../core/claims/close.ts';
import { completeClaim } from '../../core/claims/complete.ts';
import { createClaim } from '../../core/claims/create.ts';
import { attachEvidence } from '../../core/claims/files/attach.ts';
import { readClaimFiles } from '../../core/claims/files/read.ts';
import { requireClaim } from '../../core/claims/open.ts';
import { listClaims, readClaim } from '../../core/claims/read.ts';
import type { ClaimFamily } from '../../core/claims/rules.ts';
import { updateClaim } from '../../core/claims/update.ts';
import { parseTimestamp } from '../../platform/time.ts';
import { created, ok } from '../answers.ts';
import type { Endpoints, Provenance, ReadContext } from '../endpoint.ts';
import { pageOf, window } from '../paging.ts';
import { readAttachment } from './attachment.ts';
import { productTypeOf } from './product-types.ts';

const tag = 'Claims';
const read = { kind: 'client', scopes: ['arc:read'] } as const;
const write = { kind: 'client', scopes: ['arc:write'] } as const;
const ClaimPath = Type.Object({ claim_id: Type.String() });

/** Two families of routes over one noun (D); they differ in what they admit. */
interface Family {
  readonly kind: ClaimFamily;
  readonly url: string;
  /** In operation ids. */
  readonly name: string;
  /** In summaries. */
  readonly title: string;
  /** D for create and read of outpatient care; of the sibling only the rule is published, not the path. */
  readonly provenance: Provenance;
  readonly Create: typeof OutpatientCareClaimCreate | typeof MedicalProcedureClaimCreate;
  readonly Update: typeof OutpatientCareClaimUpdate | typeof MedicalProcedureClaimUpdate;
  readonly description: string;
  readonly product: { readonly product_code: string; readonly product_type: string };
}

const families: readonly Family[] = [
  {
    kind: 'OUTPATIENT_CARE',
    url: '/arc/v1/outpatient-care-claim',
    name: 'OutpatientCareClaim',
    title: 'an outpatient-care claim',
    provenance: 'documented',
    Create: OutpatientCareClaimCreate,
    Update: OutpatientCareClaimUpdate,
    description: 'Reads the claim of a dispensation too.',
    product: { product_code: 'CONS-GEN', product_type: 'PROCEDURE' },
  },
  {
    kind: 'MEDICAL_PROCEDURE',
    url: '/arc/v1/medical-procedure-claim',
    name: 'MedicalProcedureClaim',
    title: 'a medical-procedure claim',
    provenance: 'sandbox',
    Create: MedicalProcedureClaimCreate,
    Update: MedicalProcedureClaimUpdate,
    description: 'One procedure, one authorization.',
    product: { product_code: 'PRC-SBX-001', product_type: 'PROCEDURE' },
  },
];

export function claimRoutes(endpoints: Endpoints): void {
  for (const family of families) {
    createAndRead(endpoints, family);
    change(endpoints, family);
    evidence(endpoints, family);
    end(endpoints, family);
  }
  list(endpoints);
}

const existsIn =
  ({ kind }: Family) =>
  (context: ReadContext, { claim_id }: { claim_id: string }) =>
    requireClaim(context, kind, claim_id);

/** The words of the reference surface are admitted for product types (O). */
function itemsOf<T extends { product_type: string }>(line_items: readonly T[]) {
  return line_items.map((item) => ({ ...item, product_type: productTypeOf(item.product_type) }));
}

const takingErrors = [
  '071-104',
  '071-422-product-type-unsupported',
  '071-409-already-dispensed',
  '071-409-quantity-held',
  '071-409-code-voided',
  '071-409-code-expired',
] as const;

function createAndRead(endpoints: Endpoints, family: Family): void {
  const { kind, url, name, title, provenance, description, product } = family;
  endpoints.write({
    method: 'POST',
    url,
    operationId: `create${name}`,
    tag,
    summary: `Create ${title}`,
    description:
      `${description} The claim is OPEN and holds what it takes from its authorization until it is completed, voided ` +
      "or, after 30 days, expired. A line without `unit_price` takes the provider's price.",
    provenance,
    access: write,
    body: family.Create,
    bodyExample: {
      beneficiary_id: 'bnf_01JG0000000000000000000000',
      sponsor_slug: 'sponsor-sandbox-do',
      authorization_id: 'auth_01JG0000000000000000000000',
      diagnosis_code: 'E11.9',
      line_items: [{ ...product, quantity: 1 }],
    },
    answers: { 201: Claim },
    errors: [
      '071-403-sponsor-not-affiliated',
      '071-422-beneficiary-mismatch',
      '071-422-coverage-inactive',
      ...takingErrors,
      '071-409-code-pending',
      '071-409-code-rejected',
    ],
    write: async (uow, { body }) => {
      const claim = await createClaim(uow, kind, { ...body, line_items: itemsOf(body.line_items) });
      return created(claim, `${url}/${claim.claim_id}`);
    },
  });

  endpoints.read({
    method: 'GET',
    url: `${url}/:claim_id`,
    operationId: `get${name}`,
    tag,
    summary: `Read ${title}: lines, amounts and files`,
    description,
    provenance,
    access: read,
    params: ClaimPath,
    answers: { 200: Claim },
    errors: ['071-404-claim'],
    read: (context, { params }) => readClaim(context, kind, params.claim_id),
  });
}

function change(endpoints: Endpoints, family: Family): void {
  const { kind, url, name, title, product } = family;
  endpoints.write({
    method: 'PATCH',
    url: `${url}/:claim_id`,
    operationId: `update${name}`,
    tag,
    summary: `Replace the lines of ${title} while it is open`,
    description: 'Takes the quantities anew: all of them or, when it answers an error, none of them.',
    provenance: 'sandbox',
    access: write,
    params: ClaimPath,
    body: family.Update,
    bodyExample: { line_items: [{ ...product, quantity: 1, unit_price: 1500 }] },
    answers: { 200: Claim },
    errors: ['071-404-claim', '071-409-claim-closed', ...takingErrors],
    exists: existsIn(family),
    write: async (uow, { params, body }) =>
      ok(await updateClaim(uow, kind, params.claim_id, itemsOf(body.line_items))),
  });
}

function evidence(endpoints: Endpoints, family: Family): void {
  const { kind, url, name, title, provenance } = family;
  endpoints.write({
    method: 'POST',
    url: `${url}/:claim_id/files`,
    operationId: `attach${name}File`,
    tag,
    summary: `Add evidence to ${title} while it is open`,
    description:
      'As multipart with the parts `file` and `file_type`, as urlencoded form or as JSON with Base64. The type is ' +
      'told by the content: PDF, JPEG or PNG, up to 10 MB.',
    provenance: 'sandbox',
    access: write,
    params: ClaimPath,
    consumes: ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'],
    prepare: readAttachment,
    body: ClaimFileCreate,
    bodyExample: {
      file_type: 'INVOICE',
      file_name: 'invoice.pdf',
      content_type: 'application/pdf',
      content_base64: 'JVBERi0xLjQKJSVFT0YK',
    },
    answers: { 201: ClaimFile },
    errors: ['071-404-claim', '071-422-file-type', '071-409-claim-closed'],
    exists: existsIn(family),
    write: async (uow, { params, body }) => created(await attachEvidence(uow, kind, params.claim_id, body)),
  });

  endpoints.read({
    method: 'GET',
    url: `${url}/:claim_id/authorization-files`,
    // D name; an operation id is unique, so the sibling has one of its own.
    operationId: kind === 'OUTPATIENT_CARE' ? 'getClaimAuthorizationFiles' : `get${name}AuthorizationFiles`,
    tag,
    summary: `Files of ${title}, those of its pre-authorization first`,
    description: 'Their bytes: GET /arc/v2/authorizations/files/{file_id}.',
    provenance,
    access: read,
    params: ClaimPath,
    answers: { 200: ClaimFiles },
    errors: ['071-404-claim'],
    read: async (context, { params }) => ({
      content: await readClaimFiles(context, kind, params.claim_id),
    }),
  });
}

function end(endpoints: Endpoints, family: Family): void {
  const { kind, url, name, title } = family;
  endpoints.write({
    method: 'POST',
    url: `${url}/:claim_id/complete`,
    operationId: `complete${name}`,
    tag,
    summary: `Complete ${title}: redeem its authorization`,
    description: 'Document and doctor are stored and shown; none of them is required.',
    provenance: 'sandbox',
    access: write,
    params: ClaimPath,
    body: ClaimComplete,
    bodyOptional: true,
    bodyExample: {
      document_number: 'FV-10021',
      document_date: '2026-01-15',
      doctor_name: 'Ana Lucía Vargas',
      doctor_medical_license_number: 'RM-10021',
      doctor_country_code: 'CO',
    },
    answers: { 200: Claim },
    errors: ['071-404-claim', '071-409-claim-closed'],
    exists: existsIn(family),
    write: async (uow, { params, body }) => ok(await completeClaim(uow, kind, params.claim_id, body)),
  });

  endpoints.write({
    method: 'POST',
    url: `${url}/:claim_id/void`,
    operationId: `void${name}`,
    tag,
    summary: `Void ${title}, open or completed`,
    description:
      'What it took from the authorization is free again. A claim leaves a batch that is open; one that the sponsor ' +
      'has before it cannot be voided.',
    provenance: 'sandbox',
    access: write,
    params: ClaimPath,
    body: Reason,
    bodyOptional: true,
    bodyExample: { reason: 'Billed twice.' },
    answers: { 200: Claim },
    errors: ['071-404-claim', '071-409-claim-closed', '071-409-claim-in-batch'],
    exists: existsIn(family),
    write: async (uow, { params, body }) => ok(await voidClaim(uow, kind, params.claim_id, body.reason)),
  });
}

function list(endpoints: Endpoints): void {
  endpoints.read({
    method: 'GET',
    url: '/arc/v1/claims',
    operationId: 'listClaims',
    tag,
    summary: 'Claims of the provider, newest first',
    description: 'Of all kinds; `from` and `to` are about `created_at`.',
    provenance: 'sandbox',
    access: read,
    query: Type.Object({
      status: Type.Optional(Words(claimStatuses)),
      sponsor_slug: Type.Optional(Type.String()),
      from: Type.Optional(Timestamp),
      to: Type.Optional(Timestamp),
      ...PageQuery,
    }),
    answers: { 200: Page(Claim) },
    read: async (context, { request, query }) => {
      const { from, to, ...rest } = query;
      const filter = {
        ...rest,
        ...(from !== undefined && { from: parseTimestamp(from) }),
        ...(to !== undefined && { to: parseTimestamp(to) }),
      };
      const { total, content } = await listClaims(context, filter, window(query));
      return pageOf(request, query, total, content);
    },
  });
}
