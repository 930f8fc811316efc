import { isoDate } from '../../../platform/time.ts';
import type { PrescriptionParts } from '../parts.ts';

/** To the patient, in Spanish; the document itself is attached. */
export function mailText({ prescription, patient, doctor }: PrescriptionParts, link_url: string) {
  const { prescription_code, expires_at } = prescription;
  return {
    subject: `Su receta médica ${prescription_code}`,
    body: [
      `Hola ${patient.first_name} ${patient.last_name}:`,
      '',
      `${doctor.first_name} ${doctor.last_name} (${doctor.medical_board_registration}) le ha emitido una receta.`,
      `Código: ${prescription_code}`,
      `Válida hasta: ${isoDate(expires_at)}`,
      '',
      'Muestre el código o el QR del documento adjunto en la farmacia.',
      `También puede abrirlo aquí: ${link_url}`,
    ].join('\n'),
  };
}
