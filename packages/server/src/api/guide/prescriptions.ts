import {
  type Environment,
  Page,
  PageQuery,
  Prescription,
  PrescriptionCreate,
  PrescriptionCreateV2,
  PrescriptionCreateV11,
  PrescriptionEmail,
  type PrescriptionVersion,
  prescriptionStatuses,
  Reason,
  Words,
} from '@osigu-sandbox/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { contentHash } from '../../core/prescriptions/content-hash.ts';
import { prescriptionPdf } from '../../core/prescriptions/document/document.ts';
import { voidPrescription } from '../../core/prescriptions/end.ts';
import type { IssueInput } from '../../core/prescriptions/input.ts';
import { issuePrescription } from '../../core/prescriptions/issue.ts';
import {
  listPrescriptions,
  readPrescription,
  requirePrescription,
  requirePrescriptionByLink,
} from '../../core/prescriptions/read.ts';
import { resendPrescription } from '../../core/prescriptions/resend.ts';
import type { PrescriptionRow } from '../../core/prescriptions/store.ts';
import type { Store } from '../../store/store.ts';
import { created, ok } from '../answers.ts';
import type { Endpoints, ReadContext } from '../endpoint.ts';
import { bytesOf } from '../openapi.ts';
import { pageOf, window } from '../paging.ts';

const tag = 'Prescriptions';
const url = '/ehr/v1/prescriptions';
const read = { kind: 'client', scopes: ['ehr:read'] } as const;
const write = { kind: 'client', scopes: ['ehr:write'] } as const;

const PrescriptionPath = Type.Object({ prescription_id: Type.String() });
const exists = (context: ReadContext, { prescription_id }: { prescription_id: string }) =>
  requirePrescription(context, prescription_id);

export interface PrescriptionSurroundings {
  readonly store: Store;
  readonly environment: Environment;
  /** Under which this server is reached: links to documents begin with it. */
  readonly baseUrlOf: (request: FastifyRequest) => string;
}

export function prescriptionRoutes(endpoints: Endpoints, surroundings: PrescriptionSurroundings): void {
  createRoutes(endpoints, surroundings);
  readRoutes(endpoints, surroundings);
  documentRoutes(endpoints, surroundings);
  changeRoutes(endpoints, surroundings);
}

const example = {
  patient_id: 'pat_01JG0000000000000000000000',
  diagnoses: [{ diagnosis_code: 'E11.9' }],
  medications: [
    { product_code: 'MED-SBX-001', quantity: 60, posology: '1 tableta cada 12 horas', duration_days: 30 },
  ],
  delivery: { channel: 'EMAIL', email: 'paciente@correo.example' },
};
const consent = { accepted: true, accepted_at: '2026-01-15T14:03:22.000Z', method: 'SIGNED_FORM' };
const signed = { content_hash: contentHash(example.medications), signature: 'c2lnbmF0dXJl' };

interface CreatePath {
  readonly version: PrescriptionVersion;
  readonly url: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly body: TSchema;
  readonly bodyExample: unknown;
}

const createPaths: readonly CreatePath[] = [
  {
    version: 'v1',
    url,
    operationId: 'createPrescription',
    summary: 'Issue a prescription',
    description:
      'The patient by `patient_id`, or inline: somebody with a known document is the known patient. The first doctor ' +
      'with a board registration signs unless `doctor_id` names one. Emits `prescription.issued`, and with delivery ' +
      'EMAIL one of `prescription.email_delivered` and `prescription.email_failed` after it.',
    body: PrescriptionCreate,
    bodyExample: example,
  },
  {
    version: 'v1.1',
    url: '/ehr/v1.1/prescriptions',
    operationId: 'createPrescriptionV11',
    summary: "Issue a prescription with the patient's data consent",
    description: 'As v1, and `patient_consent` is mandatory.',
    body: PrescriptionCreateV11,
    bodyExample: { ...example, patient_consent: consent },
  },
  {
    version: 'v2',
    url: '/ehr/v2/prescriptions',
    operationId: 'createPrescriptionV2',
    summary: 'Issue a prescription with a signed hash of its content',
    description:
      'As v1.1, and `content_hash` (verified) and `signature` (stored) are mandatory. The hash is SHA-256, in hex, ' +
      'over the RFC 8785 form of `medications` as sent.',
    body: PrescriptionCreateV2,
    bodyExample: { ...example, patient_consent: consent, ...signed },
  },
];

/** By request, taken before the body is tidied: the hash is over what was sent. */
const sentHashes = new WeakMap<FastifyRequest, string | undefined>();

async function noteSentHash(request: FastifyRequest): Promise<void> {
  const body = request.body as { medications?: unknown } | null | undefined;
  sentHashes.set(request, contentHash(body?.medications));
}

function createRoutes(endpoints: Endpoints, { baseUrlOf }: PrescriptionSurroundings): void {
  for (const { version, ...path } of createPaths) {
    endpoints.write({
      ...path,
      method: 'POST',
      tag,
      provenance: 'documented',
      access: write,
      answers: { 201: Prescription },
      errors: ['071-104'],
      ...(version === 'v2' && { prepare: noteSentHash }),
      write: async (uow, { request, body }) => {
        // The schema of the path has checked it.
        const input = { ...(body as IssueInput), sentHash: sentHashes.get(request) };
        const prescription = await issuePrescription(uow, version, input, baseUrlOf(request));
        return created(prescription, `${url}/${prescription.prescription_id}`);
      },
    });
  }
}

function readRoutes(endpoints: Endpoints, { baseUrlOf }: PrescriptionSurroundings): void {
  endpoints.read({
    method: 'GET',
    url,
    operationId: 'listPrescriptions',
    tag,
    summary: 'Prescriptions of the provider, newest first',
    description: 'Of every version.',
    provenance: 'sandbox',
    access: read,
    query: Type.Object({
      status: Type.Optional(Words(prescriptionStatuses)),
      patient_id: Type.Optional(Type.String()),
      code: Type.Optional(Type.String()),
      ...PageQuery,
    }),
    answers: { 200: Page(Prescription) },
    read: async (context, { request, query }) => {
      const { total, content } = await listPrescriptions(context, query, window(query), baseUrlOf(request));
      return pageOf(request, query, total, content);
    },
  });

  endpoints.read({
    method: 'GET',
    url: `${url}/:prescription_id`,
    operationId: 'getPrescription',
    tag,
    summary: 'Read a prescription',
    description: 'Of every version. Only the issuer sees it; whoever redeems its code sees the dispensation.',
    provenance: 'sandbox',
    access: read,
    params: PrescriptionPath,
    answers: { 200: Prescription },
    errors: ['071-404-prescription'],
    read: (context, { params, request }) =>
      readPrescription(context, params.prescription_id, baseUrlOf(request)),
  });
}

function documentRoutes(endpoints: Endpoints, { store, environment }: PrescriptionSurroundings): void {
  const answer = async (reply: FastifyReply, row: PrescriptionRow) => {
    const bytes = await prescriptionPdf(store.db, row, environment);
    return reply
      .type('application/pdf')
      .header('content-disposition', `inline; filename="${row.prescription_code}.pdf"`)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'private, no-store')
      .header('referrer-policy', 'no-referrer')
      .send(bytes);
  };

  endpoints.read({
    method: 'GET',
    url: `${url}/:prescription_id/pdf`,
    operationId: 'downloadPrescription',
    tag,
    summary: 'The prescription as a document',
    description: 'A4, in Spanish, with the code as text and as QR. What must not be dispensed says so.',
    provenance: 'sandbox',
    access: read,
    anyAccept: true,
    params: PrescriptionPath,
    answers: { 200: bytesOf(['application/pdf']) },
    errors: ['071-404-prescription'],
    read: async (context, { params, reply }) =>
      answer(reply, await requirePrescription(context, params.prescription_id)),
  });

  endpoints.open({
    method: 'GET',
    url: '/rx/:file',
    operationId: 'openPrescriptionLink',
    tag,
    summary: 'The document behind `delivery.link_url`',
    description: 'Public: whoever has the address may read it. `file` is the unguessable token with `.pdf`.',
    provenance: 'sandbox',
    access: { kind: 'public' },
    anyAccept: true,
    params: Type.Object({ file: Type.String() }),
    answers: { 200: bytesOf(['application/pdf']) },
    errors: ['071-404-prescription'],
    open: async ({ params, reply }) =>
      answer(reply, await requirePrescriptionByLink(store.db, params.file.replace(/\.pdf$/, ''))),
  });
}

function changeRoutes(endpoints: Endpoints, { baseUrlOf }: PrescriptionSurroundings): void {
  endpoints.write({
    method: 'POST',
    url: `${url}/:prescription_id/void`,
    operationId: 'voidPrescription',
    tag,
    summary: 'Void a prescription of which nothing was dispensed',
    description:
      'Not while an open dispensation holds any of it. No event tells of it: the catalogue has none.',
    provenance: 'sandbox',
    access: write,
    params: PrescriptionPath,
    body: Reason,
    bodyOptional: true,
    bodyExample: { reason: 'Dosis equivocada.' },
    answers: { 200: Prescription },
    errors: ['071-404-prescription', '071-409-prescription-not-voidable'],
    exists,
    write: async (uow, { params, body, request }) =>
      ok(await voidPrescription(uow, params.prescription_id, body.reason, baseUrlOf(request))),
  });

  endpoints.write({
    method: 'POST',
    url: `${url}/:prescription_id/email`,
    operationId: 'resendPrescription',
    tag,
    summary: 'Send a prescription by mail (again)',
    description:
      'To `email`, else where it went last, else to the patient. Emits `prescription.email_delivered` or ' +
      '`prescription.email_failed`.',
    provenance: 'sandbox',
    access: write,
    params: PrescriptionPath,
    body: PrescriptionEmail,
    bodyOptional: true,
    bodyExample: { email: 'paciente@correo.example' },
    answers: { 200: Prescription },
    errors: [
      '071-404-prescription',
      '071-409-already-dispensed',
      '071-409-code-voided',
      '071-409-code-expired',
    ],
    exists,
    write: async (uow, { params, body, request }) =>
      ok(await resendPrescription(uow, params.prescription_id, body.email, baseUrlOf(request))),
  });
}
