import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPdf } from './documents.ts';
import { prescribe } from './flows.ts';
import { type Json, startSandbox, type TestProvider, type TestSandbox } from './harness.ts';

let sandbox: TestSandbox;
let clinic: TestProvider;

beforeAll(async () => {
  sandbox = await startSandbox();
  clinic = await sandbox.provider();
});
afterAll(() => sandbox.stop());

const fetchPdf = (url: string, token?: string) =>
  sandbox.sandbox.app.inject({
    url,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}`, accept: 'application/pdf' },
  });
const pdfOf = async ({ prescription_id }: Json) =>
  (await fetchPdf(`/ehr/v1/prescriptions/${prescription_id}/pdf`, clinic.token)).rawPayload;

describe('the document of a prescription', () => {
  test('tells a pharmacist everything, in Spanish, and its QR is the code', async () => {
    const prescription = await prescribe(clinic, {
      diagnoses: [{ diagnosis_code: 'E11.9' }, { diagnosis_code: 'I10' }],
      notes: 'Control en un mes.\nEvitar alcohol.',
    });
    const response = await fetchPdf(
      `/ehr/v1/prescriptions/${prescription.prescription_id}/pdf`,
      clinic.token,
    );
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/pdf');
    expect(response.headers['content-disposition']).toBe(
      `inline; filename="${prescription.prescription_code}.pdf"`,
    );
    expect(response.headers['x-content-type-options']).toBe('nosniff');
    expect(response.headers['cache-control']).toBe('private, no-store');

    const { pages, size, text, qr } = await readPdf(response.rawPayload);
    expect(pages).toBe(1);
    expect(size).toEqual([595, 842]);
    for (const part of [
      'Receta médica electrónica',
      prescription.prescription_code,
      'Julián Restrepo Ángel',
      'CC 52000111',
      '21/07/1990',
      'LAURA MEJÍA ARANGO',
      'Registro médico: MP-10457',
      'E11.9 Diabetes mellitus tipo 2 sin complicaciones',
      'I10 Hipertensión esencial (primaria)',
      'Acetaminofén 500 mg tableta, caja x 100',
      'MED-SBX-001',
      '1 tableta cada 12 horas',
      '5 días',
      'Control en un mes.',
      'Evitar alcohol.',
      'Emitida: ',
      'Válida hasta: ',
      'sandbox',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('no dispensar');
    expect(qr).toBe(prescription.prescription_code);
  });

  test('says how the patient consented and what was hashed', async () => {
    const { body } = await clinic.call('POST', '/ehr/v1.1/prescriptions', {
      patient_id: (await prescribe(clinic)).patient.patient_id,
      diagnoses: [{ diagnosis_code: 'E11.9' }],
      medications: [{ product_code: 'MED-SBX-001', quantity: 1, posology: '1 al día' }],
      patient_consent: { accepted: true, accepted_at: '2026-01-15T14:03:22Z', method: 'SIGNED_FORM' },
    });
    const { text } = await readPdf(await pdfOf(body));
    expect(text).toContain('aceptado el 15 de enero de 2026, 09:03 (GMT-5), SIGNED_FORM');
    expect(text).toContain('no indicada');
  });

  test('is several pages when there is much to say, and nothing is lost', async () => {
    const medications = Array.from({ length: 50 }, (_, index) => ({
      product_code: `MED-SBX-0${String(1 + (index % 40)).padStart(2, '0')}`,
      quantity: 1 + index,
      posology: `Toma ${index} ${'z'.repeat(index * 9)}`,
    }));
    const { pages, text } = await readPdf(
      await pdfOf(await prescribe(clinic, { medications, notes: `${'Nota larga. '.repeat(300)}Fin.` })),
    );
    expect(pages).toBeGreaterThan(3);
    for (let index = 0; index < 50; index += 1) expect(text).toContain(`Toma ${index} `);
    expect(text).toContain('Fin.');
    expect(text).toContain(`Página ${pages} de ${pages}`);
  });

  test('prints what the fonts do not know without garbage', async () => {
    const { text } = await readPdf(await pdfOf(await prescribe(clinic, { notes: 'Ț½ € ñ → 😀 Ő' })));
    expect(text).toContain('T½ € ñ ? ? O');
  });

  test('says that a voided one must not be dispensed', async () => {
    const prescription = await prescribe(clinic);
    await clinic.call('POST', `/ehr/v1/prescriptions/${prescription.prescription_id}/void`);
    expect((await readPdf(await pdfOf(prescription))).text).toContain('RECETA ANULADA: no dispensar');
  });

  test('is the same bytes while nothing changes', async () => {
    const prescription = await prescribe(clinic);
    expect((await pdfOf(prescription)).equals(await pdfOf(prescription))).toBe(true);
  });

  test('is nobody else’s', async () => {
    const { prescription_id } = await prescribe(clinic);
    const other = await sandbox.provider();
    const reply = await other.call('GET', `/ehr/v1/prescriptions/${prescription_id}/pdf`);
    expect([reply.status, reply.body.code]).toEqual([404, '071-404-prescription']);
  });
});

describe('the link', () => {
  test('opens the document for whoever has it, and for nobody else', async () => {
    const prescription = await prescribe(clinic, { delivery: { channel: 'LINK' } });
    const { link_url } = prescription.delivery;
    expect(prescription.delivery).toEqual({ channel: 'LINK', link_url, delivered: true });
    expect(link_url).toMatch(/^http:\/\/.+\/rx\/[\w-]{43}\.pdf$/);
    const { pathname } = new URL(link_url);
    const opened = await fetchPdf(pathname);
    expect(opened.statusCode).toBe(200);
    expect(opened.headers['referrer-policy']).toBe('no-referrer');
    expect((await readPdf(opened.rawPayload)).qr).toBe(prescription.prescription_code);

    for (const wrong of [
      `/rx/${'a'.repeat(43)}.pdf`,
      `/rx/${prescription.prescription_id}.pdf`,
      '/rx/.pdf',
    ]) {
      const { statusCode, json } = await fetchPdf(wrong);
      expect([wrong, statusCode, json().code]).toEqual([wrong, 404, '071-404-prescription']);
    }
  });

  test('dies with a reset', async () => {
    const provider = await sandbox.provider();
    const { delivery } = await prescribe(provider, { delivery: { channel: 'LINK' } });
    await sandbox.operator('POST', `/_sandbox/v1/providers/${provider.slug}/reset`);
    expect((await fetchPdf(new URL(delivery.link_url).pathname)).statusCode).toBe(404);
  });
});
