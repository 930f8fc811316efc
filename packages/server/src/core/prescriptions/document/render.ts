import type { Environment } from '@osigu-sandbox/contract';
import { isoDate, parseTimestamp, toDate } from '../../../platform/time.ts';
import type { PrescriptionParts } from '../parts.ts';
import type { PrescriptionRow } from '../store.ts';
import { diagnosesOf } from '../view.ts';
import { createSheet, type Sheet } from './sheet.ts';
import { medicationTable } from './table.ts';
import { ageOn, dayFirst, printedDate, printedMoment } from './text.ts';

/** A prescription as it is printed: in Spanish, for a pharmacist, with the code as text and as QR. */
export interface PrescriptionDocument extends PrescriptionParts {
  readonly issuer: string;
  readonly time_zone: string;
  readonly environment: Environment;
  /** At the moment of printing: what must not be dispensed (any more) says so. */
  readonly status: PrescriptionRow['status'];
}

/** PDF, A4. */
export async function renderPrescription(document: PrescriptionDocument): Promise<Buffer> {
  const { prescription, issuer } = document;
  const sheet = await createSheet({
    title: `Receta médica ${prescription.prescription_code}`,
    author: issuer,
    created: toDate(prescription.issued_at),
  });
  await heading(sheet, document);
  warning(sheet, document);
  people(sheet, document);
  sheet.section('Diagnósticos (CIE-10)');
  for (const { diagnosis_code, description } of diagnosesOf(prescription))
    sheet.paragraph(`${diagnosis_code}   ${description}`);
  sheet.section('Medicamentos');
  medicationTable(sheet, document.medications);
  if (prescription.notes !== null) {
    sheet.section('Notas');
    sheet.paragraph(prescription.notes);
  }
  signature(sheet, document);
  return sheet.finish((page, pages) => [
    `${prescription.prescription_code}   ·   Página ${page} de ${pages}`,
    document.environment === 'sandbox'
      ? 'Documento de prueba de un entorno sandbox: sin validez médica ni legal.'
      : 'El farmacéutico verifica el código antes de dispensar.',
  ]);
}

async function heading(sheet: Sheet, { prescription, issuer, time_zone }: PrescriptionDocument) {
  await sheet.heading({
    issuer,
    title: 'Receta médica electrónica',
    code: prescription.prescription_code,
    facts: [
      ['Emitida', printedMoment(prescription.issued_at, time_zone)],
      ['Válida hasta', printedMoment(prescription.expires_at, time_zone)],
    ],
  });
}

const warnings: Partial<Record<PrescriptionDocument['status'], string>> = {
  VOIDED: 'RECETA ANULADA: no dispensar',
  EXPIRED: 'RECETA VENCIDA: no dispensar',
  DISPENSED: 'RECETA YA DISPENSADA: no dispensar de nuevo',
  PARTIALLY_DISPENSED: 'RECETA DISPENSADA EN PARTE: consulte lo que queda con el código',
};

function warning(sheet: Sheet, { status }: PrescriptionDocument): void {
  const text = warnings[status];
  if (text !== undefined) sheet.warning(text);
}

function people(sheet: Sheet, { patient, doctor, prescription }: PrescriptionDocument): void {
  const age = ageOn(patient.date_of_birth, isoDate(prescription.issued_at));
  sheet.cards([
    {
      title: 'Paciente',
      name: `${patient.first_name} ${patient.last_name}`,
      facts: [
        `Documento: ${patient.document_type} ${patient.document_number}`,
        `Fecha de nacimiento: ${dayFirst(patient.date_of_birth)} (${age} años)`,
      ],
    },
    {
      title: 'Médico',
      name: `${doctor.first_name} ${doctor.last_name}`,
      facts: [
        `Registro médico: ${doctor.medical_board_registration ?? 'sin registro'}`,
        `Especialidad: ${doctor.specialty}`,
      ],
    },
  ]);
}

/** Who answers for it, and what the version of the create path demanded. */
function signature(sheet: Sheet, { prescription, doctor, time_zone }: PrescriptionDocument): void {
  const { patient_consent, content_hash } = prescription;
  const lines = [
    `Emitida electrónicamente por ${doctor.first_name} ${doctor.last_name}, registro médico ` +
      `${doctor.medical_board_registration ?? 'sin registro'}, el ${printedDate(prescription.issued_at, time_zone)}.`,
  ];
  if (patient_consent !== null) {
    const { accepted_at, method } = JSON.parse(patient_consent) as { accepted_at: string; method: string };
    lines.push(
      `Consentimiento de datos del paciente: aceptado el ${printedMoment(parseTimestamp(accepted_at), time_zone)}, ${method}.`,
    );
  }
  if (content_hash !== null) lines.push(`Huella del contenido (SHA-256): ${content_hash}`);
  sheet.small(lines);
}
