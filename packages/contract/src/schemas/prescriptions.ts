import Type from 'typebox';
import {
  deliveryChannels,
  documentTypes,
  prescriptionStatuses,
  prescriptionVersions,
} from '../vocabulary.ts';
import { CalendarDate, Nullable, ProductCode, Quantity, Text, Timestamp, Words } from './common.ts';

/** Not of blanks alone. */
const Written = (maxLength: number, options: Record<string, unknown> = {}) =>
  Type.String({ maxLength, pattern: '\\S', ...options });
const Mail = Type.String({ format: 'email', maxLength: 254, examples: ['paciente@correo.example'] });

/** D: guides/create-electronic-prescription; `email` and `phone_number` S. */
export const PatientCreate = Type.Object({
  first_name: Written(128, { examples: ['Julián'] }),
  last_name: Written(128, { examples: ['Restrepo Ángel'] }),
  document_type: Words(documentTypes),
  document_number: Written(64, { examples: ['52000111'] }),
  date_of_birth: CalendarDate,
  email: Type.Optional(Mail),
  phone_number: Type.Optional(Text(32)),
});

export const Patient = Type.Object({
  patient_id: Type.String(),
  first_name: Type.String(),
  last_name: Type.String(),
  document_type: Words(documentTypes),
  document_number: Type.String(),
  date_of_birth: Type.String(),
  email: Nullable(Type.String()),
  phone_number: Nullable(Type.String()),
  created_at: Timestamp,
});

/** S: that doctors are known to the provider is D, their shape is not published. */
export const Doctor = Type.Object({
  doctor_id: Type.String(),
  first_name: Type.String(),
  last_name: Type.String(),
  specialty: Type.String(),
  medical_board_registration: Nullable(
    Type.String({
      examples: ['MP-10457'],
      description: 'Without one a doctor cannot sign prescriptions.',
    }),
  ),
});

const PrescriptionDeliveryInput = Type.Object({
  channel: Words(deliveryChannels),
  email: Type.Optional(
    Type.String({
      format: 'email',
      maxLength: 254,
      description: 'For EMAIL; else the address of the patient.',
    }),
  ),
});

/** D: guides/create-electronic-prescription; `patient`, `notes` and `delivery` as contract section 10. */
export const PrescriptionCreate = Type.Object({
  patient_id: Type.Optional(Text(64, { description: 'Either this or `patient`.' })),
  patient: Type.Optional(PatientCreate),
  doctor_id: Type.Optional(
    Text(64, { description: 'Else the first doctor of the provider who has a board registration.' }),
  ),
  diagnoses: Type.Array(Type.Object({ diagnosis_code: Text(16, { examples: ['E11.9'] }) }), {
    minItems: 1,
    maxItems: 20,
  }),
  medications: Type.Array(
    Type.Object({
      product_code: ProductCode,
      quantity: Quantity,
      posology: Written(500, { examples: ['1 tableta cada 12 horas'] }),
      duration_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650, examples: [30] })),
    }),
    { minItems: 1, maxItems: 50 },
  ),
  notes: Type.Optional(Text(4_000, { description: 'May have several lines.' })),
  delivery: Type.Optional(PrescriptionDeliveryInput),
});

/** D that the patient's consent is demanded, S its names. */
export const PatientConsent = Type.Object({
  accepted: Type.Literal(true),
  accepted_at: Timestamp,
  method: Written(64, { examples: ['SIGNED_FORM'] }),
});

export const PrescriptionCreateV11 = Type.Object({
  ...PrescriptionCreate.properties,
  patient_consent: PatientConsent,
});

/** D that a signed hash is demanded, S its names. */
export const PrescriptionCreateV2 = Type.Object({
  ...PrescriptionCreateV11.properties,
  content_hash: Type.String({
    pattern: '^[0-9a-fA-F]{64}$',
    description: 'SHA-256, in hex, over the RFC 8785 form of `medications` as sent.',
  }),
  signature: Type.String({
    minLength: 1,
    maxLength: 20_000,
    pattern: '^[A-Za-z0-9+/_-]+={0,2}$',
    description: 'Base64. Stored, not verified.',
  }),
});

export const Prescription = Type.Object({
  prescription_id: Type.String(),
  prescription_code: Type.String({ examples: ['RX-2026-004217'] }),
  version: Words(prescriptionVersions),
  status: Words(prescriptionStatuses),
  patient: Type.Object({
    patient_id: Type.String(),
    first_name: Type.String(),
    last_name: Type.String(),
  }),
  doctor: Doctor,
  diagnoses: Type.Array(Type.Object({ diagnosis_code: Type.String(), description: Type.String() })),
  medications: Type.Array(
    Type.Object({
      product_code: ProductCode,
      product_name: Type.String(),
      quantity: Type.Integer(),
      dispensed_quantity: Type.Integer(),
      posology: Type.String(),
      duration_days: Nullable(Type.Integer()),
    }),
  ),
  notes: Nullable(Type.String()),
  patient_consent: Type.Optional(PatientConsent),
  content_hash: Type.Optional(Type.String()),
  signature: Type.Optional(Type.String()),
  issued_at: Timestamp,
  expires_at: Timestamp,
  delivery: Type.Object({
    channel: Words(deliveryChannels),
    email: Type.Optional(Type.String({ description: 'Where the last mail went.' })),
    link_url: Type.Optional(Type.String({ description: 'Public address of the PDF; of LINK only.' })),
    delivered: Type.Boolean({
      description: 'The mail server took the last mail; for LINK, always.',
    }),
  }),
  voided_at: Nullable(Timestamp),
  void_reason: Nullable(Type.String()),
});

export const PrescriptionEmail = Type.Object({
  email: Type.Optional(
    Type.String({
      format: 'email',
      maxLength: 254,
      description: 'Else the address of the last mail, else that of the patient.',
    }),
  ),
});
