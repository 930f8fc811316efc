import {
  Doctor,
  documentTypes,
  Page,
  PageQuery,
  Patient,
  PatientCreate,
  Words,
} from '@osigu-sandbox/contract';
import Type from 'typebox';
import { doctorView, selectDoctors } from '../../core/doctors/store.ts';
import { createPatient, listPatients, patientView } from '../../core/patients/patients.ts';
import { created } from '../answers.ts';
import type { Endpoints } from '../endpoint.ts';
import { pageOf, slice, window } from '../paging.ts';

const tag = 'Prescriptions';
const read = { kind: 'client', scopes: ['ehr:read'] } as const;
const write = { kind: 'client', scopes: ['ehr:write'] } as const;

export function patientRoutes(endpoints: Endpoints): void {
  endpoints.read({
    method: 'GET',
    url: '/ehr/v1/patients',
    operationId: 'listPatients',
    tag,
    summary: 'Look a patient up by document',
    description: 'Case, accents and surrounding blanks do not count. Without a document: all, newest first.',
    provenance: 'documented',
    access: read,
    query: Type.Object({
      document_number: Type.Optional(Type.String()),
      document_type: Type.Optional(Words(documentTypes)),
      ...PageQuery,
    }),
    answers: { 200: Page(Patient) },
    read: async (context, { request, query }) => {
      const { total, content } = await listPatients(context, query, window(query));
      return pageOf(request, query, total, content);
    },
  });

  endpoints.write({
    method: 'POST',
    url: '/ehr/v1/patients',
    operationId: 'createPatient',
    tag,
    summary: 'Register a patient',
    description: 'A document that is known already is 409, with the patient_id in `errors[0].message`.',
    provenance: 'documented',
    access: write,
    body: PatientCreate,
    bodyExample: {
      first_name: 'Julián',
      last_name: 'Restrepo Ángel',
      document_type: 'CC',
      document_number: '52000111',
      date_of_birth: '1990-07-21',
      email: 'paciente@correo.example',
    },
    answers: { 201: Patient },
    errors: ['071-409-patient-exists'],
    write: async (uow, { body }) => created(patientView(await createPatient(uow, body))),
  });

  endpoints.read({
    method: 'GET',
    url: '/ehr/v1/doctors',
    operationId: 'listDoctors',
    tag,
    summary: 'Doctors of the provider',
    description: 'The first one with a board registration signs where a prescription names none.',
    provenance: 'sandbox',
    access: read,
    query: Type.Object({ ...PageQuery }),
    answers: { 200: Page(Doctor) },
    read: async ({ db, provider }, { request, query }) => {
      const doctors = await selectDoctors(db, { provider_id: provider.provider_id });
      return slice(request, query, doctors.map(doctorView));
    },
  });
}
