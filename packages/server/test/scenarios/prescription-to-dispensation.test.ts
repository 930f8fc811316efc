import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPdf } from '../documents.ts';
import { startSandbox, type TestProvider, type TestSandbox } from '../harness.ts';
import { type Receiver, receive } from '../receiver.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;
let pharmacy: TestProvider;
let receiver: Receiver;

beforeAll(async () => {
  sandbox = await startSandbox({ worker: true });
  clinic = await sandbox.provider();
  pharmacy = await sandbox.provider();
  receiver = await receive(clinic, ['prescription.*', 'dispensing.*']);
});
afterAll(async () => {
  await receiver.close();
  await sandbox.stop();
});

test('Prescription creation → dispensation', async () => {
  // The clinic registers the patient, who is nobody's beneficiary.
  const patient = await clinic.call('POST', '/ehr/v1/patients', {
    first_name: 'Julián',
    last_name: 'Restrepo Ángel',
    document_type: 'CC',
    document_number: '52000111',
    date_of_birth: '1990-07-21',
    email: 'julian@correo.example',
  });
  expect(patient.status).toBe(201);

  // Its doctor prescribes what the catalogue offers; the patient gets it by mail.
  const search = await clinic.call('GET', '/medical-catalogs/v1/medications?query=metformina');
  const { product_code } = search.body.content[0];
  const issued = await clinic.call('POST', '/ehr/v1/prescriptions', {
    patient_id: patient.body.patient_id,
    diagnoses: [{ diagnosis_code: 'E11.9' }],
    medications: [{ product_code, quantity: 60, posology: '1 tableta cada 12 horas', duration_days: 30 }],
    delivery: { channel: 'EMAIL' },
  });
  expect(issued).toMatchObject({
    status: 201,
    body: {
      version: 'v1',
      status: 'PRESCRIPTION_ISSUED',
      doctor: { medical_board_registration: 'MP-10457' },
      delivery: { channel: 'EMAIL', email: 'julian@correo.example', delivered: true },
    },
  });
  const { prescription_id, prescription_code } = issued.body;

  // What the patient shows at the counter: a document whose QR is the code.
  const document = await sandbox.sandbox.app.inject({
    url: `/ehr/v1/prescriptions/${prescription_id}/pdf`,
    headers: { authorization: `Bearer ${clinic.token}` },
  });
  const { qr } = await readPdf(document.rawPayload);
  expect(qr).toBe(prescription_code);

  // A pharmacy of another provider redeems the code: nobody has to be looked up, and the patient pays.
  const started = await pharmacy.call('POST', '/dispensing/v1/dispensations', { code: qr });
  expect(started).toMatchObject({
    status: 201,
    body: {
      status: 'STARTED',
      code_type: 'PRESCRIPTION',
      products: [{ product_code, quantity: 60 }],
      sponsor_slug: null,
      verification_required: null,
    },
  });
  const { dispensation_id, total_amount } = started.body;
  const completed = await pharmacy.call('POST', `/dispensing/v1/dispensations/${dispensation_id}/complete`, {
    amount: total_amount,
    document_number: 'FV-10021',
    document_date: '2026-01-15',
  });
  expect(completed).toMatchObject({
    status: 200,
    body: {
      status: 'COMPLETED',
      amount_covered_by_sponsor: 0,
      amount_paid_by_patient: total_amount,
      claim_id: null,
    },
  });

  // The prescription is used up, and a second time is refused.
  const read = await clinic.call('GET', `/ehr/v1/prescriptions/${prescription_id}`);
  expect(read.body.status).toBe('DISPENSED');
  const again = await pharmacy.call('POST', '/dispensing/v1/dispensations', { code: prescription_code });
  expect([again.status, again.body.code]).toEqual([409, '071-409-already-dispensed']);

  // The clinic has heard of all of it.
  await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(4);
  expect(receiver.received.map(({ event_type }) => event_type).sort()).toEqual([
    'dispensing.completed',
    'dispensing.started',
    'prescription.email_delivered',
    'prescription.issued',
  ]);
  expect(receiver.received.find(({ event_type }) => event_type === 'dispensing.completed')).toMatchObject({
    provider: { provider_slug: clinic.slug },
    data: { prescription_id, beneficiary_id: null, sponsor_slug: null, total_amount },
  });
});
